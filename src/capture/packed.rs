//! Bytes that were packed with gzip or zstd, told by how they begin.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
const BUFFER_BYTES: usize = 1 << 16;

/// What these bytes hold: unpacked where they begin as gzip or zstd, else as they are.
///
/// # Errors
/// Where reading fails. What is packed wrongly fails when it is read.
pub fn unpacked(bytes: Box<dyn Read>) -> io::Result<Box<dyn BufRead>> {
    let mut bytes = BufReader::with_capacity(BUFFER_BYTES, bytes);
    let head = head(&mut bytes)?;
    let whole: Box<dyn Read> = if head.starts_with(GZIP) {
        let packed = io::Cursor::new(head).chain(bytes);
        Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, packed)))
    } else if head.starts_with(ZSTD) {
        Box::new(Frames { bytes: Some(io::Cursor::new(head).chain(bytes)), frame: None })
    } else {
        return Ok(Box::new(BufReader::new(io::Cursor::new(head).chain(bytes))));
    };
    Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, whole)))
}

/// The first bytes, as many as the longest mark has; fewer of what is shorter.
fn head(bytes: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    bytes.take(ZSTD.len() as u64).read_to_end(&mut head)?;
    Ok(head)
}

type Source = io::Chain<io::Cursor<Vec<u8>>, BufReader<Box<dyn Read>>>;
type Frame = StreamingDecoder<Source, ruzstd::decoding::FrameDecoder>;

/// Frames of zstd, one behind the other.
struct Frames {
    /// What is behind the frame at hand; none while one is.
    bytes: Option<Source>,
    frame: Option<Box<Frame>>,
}

impl Read for Frames {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let count = frame.read(into)?;
                if count > 0 || into.is_empty() {
                    return Ok(count);
                }
                self.bytes = self.frame.take().map(|frame| frame.into_inner());
            }
            let Some(mut bytes) = self.bytes.take() else {
                return Ok(0);
            };
            let head = head(&mut bytes)?;
            if head.is_empty() {
                return Ok(0);
            }
            let (_, rest) = bytes.into_inner();
            let whole = io::Cursor::new(head).chain(rest);
            let frame = StreamingDecoder::new(whole).map_err(io::Error::other)?;
            self.frame = Some(Box::new(frame));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use rstest::rstest;

    use super::unpacked;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn read(bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
        let mut all = Vec::new();
        unpacked(Box::new(std::io::Cursor::new(bytes)))?.read_to_end(&mut all)?;
        Ok(all)
    }

    #[rstest]
    #[case::empty(b"")]
    #[case::short(b"a")]
    #[case::text(b"{\"topic\":\"T\"}\n")]
    #[case::large(&[b'x'; 300_000])]
    fn what_is_packed_comes_back(#[case] text: &[u8]) {
        assert_eq!(read(text.to_vec()).unwrap(), text);
        assert_eq!(read(gzip(text)).unwrap(), text);
        assert_eq!(read(zstd(text)).unwrap(), text);
        let twice = [text, text].concat();
        assert_eq!(read([gzip(text), gzip(text)].concat()).unwrap(), twice);
        assert_eq!(read([zstd(text), zstd(text)].concat()).unwrap(), twice);
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        let text = [b'x'; 5000].map(|byte| byte.wrapping_add(1));
        for packed in [gzip(&text), zstd(&text)] {
            assert!(read(packed[..packed.len() - 3].to_vec()).is_err());
        }
    }
}
