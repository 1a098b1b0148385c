//! Tars that no honest program would write. The corpus of `tests/suite/hostile` builds with it too.

/// Composes tars that no honest program would write.
#[derive(Default)]
pub struct Tar(pub Vec<u8>);

impl Tar {
    pub fn new() -> Self {
        Self::default()
    }
    /// A ustar entry; `change` may spoil the header before its checksum is taken.
    pub fn with(mut self, kind: u8, name: &[u8], data: &[u8], change: impl FnOnce(&mut [u8])) -> Self {
        let mut header = [0_u8; 512];
        let length = name.len().min(100);
        header[..length].copy_from_slice(&name[..length]);
        header[100..107].copy_from_slice(b"0000644");
        header[108..115].copy_from_slice(b"0000000");
        header[116..123].copy_from_slice(b"0000000");
        header[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
        header[136..147].copy_from_slice(b"00000001750");
        header[156] = kind;
        header[257..265].copy_from_slice(b"ustar\x0000");
        change(&mut header);
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        self.0.extend(header);
        self.raw(data)
    }
    /// Data, filled up to a whole block.
    pub fn raw(mut self, data: &[u8]) -> Self {
        self.0.extend(data);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }
    pub fn file(self, name: &str, data: &[u8]) -> Self {
        self.with(b'0', name.as_bytes(), data, |_| {})
    }
    pub fn dir(self, name: &str) -> Self {
        self.with(b'5', name.as_bytes(), b"", |header| header[100..107].copy_from_slice(b"0000755"))
    }
    pub fn link(self, kind: u8, name: &str, target: &str) -> Self {
        self.with(kind, name.as_bytes(), b"", |header| {
            header[157..157 + target.len()].copy_from_slice(target.as_bytes());
        })
    }
    pub fn symlink(self, name: &str, target: &str) -> Self {
        self.link(b'2', name, target)
    }
    pub fn hard_link(self, name: &str, target: &str) -> Self {
        self.link(b'1', name, target)
    }
    pub fn device(self, kind: u8, name: &str, device: (u32, u32)) -> Self {
        self.with(kind, name.as_bytes(), b"", |header| {
            header[329..336].copy_from_slice(format!("{:07o}", device.0).as_bytes());
            header[337..344].copy_from_slice(format!("{:07o}", device.1).as_bytes());
        })
    }
    pub fn pax(self, records: &[(&str, &[u8])]) -> Self {
        let mut data = Vec::new();
        for (key, value) in records {
            let body = key.len() + value.len() + 3;
            let mut length = body + 1;
            while length.to_string().len() + body != length {
                length = length.to_string().len() + body;
            }
            data.extend(format!("{length} {key}=").bytes());
            data.extend(*value);
            data.push(b'\n');
        }
        self.with(b'x', b"pax", &data, |_| {})
    }
    pub fn end(self) -> Vec<u8> {
        self.raw(&[0; 1024]).0
    }
}
