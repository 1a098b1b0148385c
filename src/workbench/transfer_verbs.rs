use super::*;
impl Workbench {
    pub fn load(&self, _s: &str) -> Result<Vec<Image>> { Err(Error::new(ErrorKind::Unsupported, "x")) }
    pub fn save(&self, _i: &Image, _t: &str, _o: SaveOptions) -> Result<()> { Err(Error::new(ErrorKind::Unsupported, "x")) }
    pub fn rootfs(&self, _i: &str, _t: &str, _o: RootfsOptions) -> Result<Image> { Err(Error::new(ErrorKind::Unsupported, "x")) }
}
