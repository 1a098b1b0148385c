//! Sizes, times and numbers as people say them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Bytes in Docker's decimal units, three digits: `3.1 MB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    #[allow(clippy::cast_precision_loss)]
    let mut number = bytes as f64;
    let mut unit = "";
    for next in UNITS {
        number /= 1000.0;
        unit = next;
        // 999.95 would print as 1000.
        if number < 999.5 {
            break;
        }
    }
    match number {
        _ if number < 9.995 => format!("{number:.2} {unit}"),
        _ if number < 99.95 => format!("{number:.1} {unit}"),
        _ => format!("{number:.0} {unit}"),
    }
}

/// A number with its thousands apart.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Seconds: `12 ms`, `1.5 s`, `41 s`, `2 min 5 s`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "?".to_owned();
    }
    if seconds < 1.0 {
        return format!("{:.0} ms", seconds * 1000.0);
    }
    if seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// How long ago an RFC 3339 time was; `None` if it is not one.
#[must_use]
pub fn age(time: &str) -> Option<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let then = unix(time)?;
    Some(ago(i64::try_from(now).ok()? - then, time))
}

fn ago(seconds: i64, time: &str) -> String {
    let some = |number: i64, unit: &str| {
        if number == 1 { format!("1 {unit} ago") } else { format!("{number} {unit}s ago") }
    };
    match seconds {
        // A clock that is ahead of ours, or a time that was made up for the sake of reproduction.
        i64::MIN..0 => time.get(..10).unwrap_or(time).to_owned(),
        0..60 => some(seconds, "second"),
        60..3600 => some(seconds / 60, "minute"),
        3600..86_400 => some(seconds / 3600, "hour"),
        86_400..2_592_000 => some(seconds / 86_400, "day"),
        _ => time.get(..10).unwrap_or(time).to_owned(),
    }
}

/// Seconds since 1970 of `YYYY-MM-DDTHH:MM:SS[.…](Z|±HH:MM)`.
fn unix(time: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| time.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let zone = time.get(19..)?.trim_start_matches(|char: char| char == '.' || char.is_ascii_digit());
    let offset = match zone.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), ..] => {
            let minutes = zone.get(1..3)?.parse::<i64>().ok()? * 60 + zone.get(4..6)?.parse::<i64>().ok()?;
            if *sign == b'-' { -minutes * 60 } else { minutes * 60 }
        }
        _ => return None,
    };
    // Days since 1970 by the proleptic Gregorian calendar, years beginning in March.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (month * 153 + 2) / 5
        + day
        - 719_469;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second - offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (12_345, "12.3 kB"),
            (999_600, "1.00 MB"),
            (187_000_000, "187 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(12), "12");
    }

    #[test]
    fn times_are_read() {
        assert_eq!(unix("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(unix("2024-02-29T12:00:00.123456Z"), Some(1_709_208_000));
        assert_eq!(unix("2024-02-29T13:00:00+01:00"), Some(1_709_208_000));
        assert_eq!(unix("yesterday"), None);
        assert_eq!(ago(125, ""), "2 minutes ago");
        assert_eq!(ago(1, ""), "1 second ago");
        assert_eq!(ago(-5, "2030-01-02T"), "2030-01-02");
    }

    #[test]
    fn durations_are_short() {
        assert_eq!(duration(0.012), "12 ms");
        assert_eq!(duration(1.52), "1.5 s");
        assert_eq!(duration(125.0), "2 min 5 s");
        assert_eq!(duration(f64::NAN), "?");
    }
}
