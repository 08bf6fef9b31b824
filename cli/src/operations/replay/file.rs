//! A file of recorded events, read and unpacked.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use flate2::read::MultiGzDecoder;

use crate::error::Advice as _;

/// The most that is read of a file, unpacked. A trail's files have a few MiB.
const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Reads a file whole, and unpacks it if it is packed.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let name = name(path);
    let is_stdin = path == Path::new("-");
    let read =
        if is_stdin { up_to_max(io::stdin().lock()) } else { File::open(path).and_then(up_to_max) };
    let bytes = read
        .with_context(|| format!("`{name}` could not be read"))
        .hint("give the path of a file, or `-` for stdin")?;
    let is_gzip = bytes.starts_with(&[0x1f, 0x8b]);
    let unpacked = if is_gzip { up_to_max(MultiGzDecoder::new(&*bytes)) } else { Ok(bytes) };
    let bytes = unpacked
        .with_context(|| format!("`{name}` could not be unpacked"))
        .hint("it begins like a gzip file; `gzip -t` checks it")?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(anyhow!("`{name}` has more than {} MiB", BYTES_MAX / 1024 / 1024))
            .hint("split it into several files of JSON lines");
    }
    Ok(bytes)
}

/// Reads all, or one byte more than is wanted.
fn up_to_max(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The name of a file in messages.
pub(crate) fn name(path: &Path) -> String {
    if path == Path::new("-") { "stdin".to_owned() } else { path.display().to_string() }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_packed_file_is_unpacked_also_if_it_has_parts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        let both = [packed(b"{}\n"), packed(b"{}\n")].concat();
        for (written, expected) in [(&b"{}"[..], "{}"), (&both, "{}\n{}\n")] {
            std::fs::write(&path, written).unwrap();
            assert_eq!(read(&path).unwrap(), expected.as_bytes());
        }
        std::fs::write(&path, &packed(b"{}")[..12]).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.ends_with("events` could not be unpacked"), "{error}");
    }

    #[test]
    fn a_file_that_unpacks_to_too_much_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bomb.gz");
        let part = packed(&vec![b' '; 16 * 1024 * 1024]);
        std::fs::write(&path, part.repeat(17)).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.ends_with("bomb.gz` has more than 256 MiB"), "{error}");
    }
}
