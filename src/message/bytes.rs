//! Bytes as text.

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// The bytes of pairs of hexadecimal digits, in lower or upper case; none where it is no such text.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()
}

/// The bytes of base64 with the letters + and /; padding may be left out, but not be wrong. None
/// where it is no such text.
#[must_use]
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    let encoding = if text.ends_with('=') { BASE64 } else { BASE64_NOPAD };
    encoding.decode(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{hex, unbase64, unhex};

    #[rstest]
    #[case("", Some(&b""[..]))]
    #[case("00ff", Some(&b"\x00\xff"[..]))]
    #[case("DEad", Some(&b"\xde\xad"[..]))]
    #[case("0", None)]
    #[case("0g", None)]
    #[case("+1", None)]
    #[case("é", None)]
    fn hexadecimal(#[case] text: &str, #[case] bytes: Option<&[u8]>) {
        assert_eq!(unhex(text).as_deref(), bytes);
        if let Some(bytes) = bytes {
            assert_eq!(hex(bytes), text.to_ascii_lowercase());
        }
    }

    #[rstest]
    #[case("", Some(&b""[..]))]
    #[case("YQ==", Some(&b"a"[..]))]
    #[case("YQ", Some(&b"a"[..]))]
    #[case("YWI=", Some(&b"ab"[..]))]
    #[case("YWJj", Some(&b"abc"[..]))]
    #[case("//79", Some(&b"\xff\xfe\xfd"[..]))]
    #[case::wrong_padding("YQ=", None)]
    #[case::one_digit("Y", None)]
    #[case::not_a_digit("Y!==", None)]
    fn base64(#[case] text: &str, #[case] bytes: Option<&[u8]>) {
        assert_eq!(unbase64(text).as_deref(), bytes);
    }
}
