//! The zip of a package: `bootstrap` and the configuration, with nothing that depends on time, machine or user.

use std::io::{Cursor, Read as _, Write as _};

use s3guard_posture::text::shown;
use thiserror::Error;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipArchive, ZipWriter};

/// The program of a custom runtime.
const BOOTSTRAP: &str = "bootstrap";
/// The configuration, as the functions read it.
const CONFIGURATION: &str = "s3guard.json";
/// No configuration is longer.
const CONFIGURATION_BYTES_MAX: u64 = 4 * 1024 * 1024;

#[derive(Debug, Error)]
pub(crate) enum NotAPackage {
    #[error("it cannot be read as a zip")]
    Zip(#[from] ZipError),
    #[error("a file of it cannot be unpacked")]
    Content(#[from] std::io::Error),
    #[error("its file `{BOOTSTRAP}` may not be executed")]
    Mode,
    #[error("its file `{BOOTSTRAP}` has more than {0} bytes")]
    Size(usize),
    #[error("it has a file `{0}`, and a package has only `{BOOTSTRAP}` and `{CONFIGURATION}`")]
    Strange(String),
    #[error("it has files of the same name, or bytes that belong to no file")]
    Layout,
}

/// The end of a zip: its signature, and its length without a comment.
///
/// Source: PKWARE, ".ZIP File Format Specification", "End of central directory record".
const END: &[u8; 4] = b"PK\x05\x06";
const END_LENGTH: usize = 22;

/// Opens a zip that every reader reads in the same way: another one might take a second file of the same name, or one that
/// the directory does not list.
fn open(zip: &[u8]) -> Result<ZipArchive<Cursor<&[u8]>>, NotAPackage> {
    let mut archive = ZipArchive::new(Cursor::new(zip))?;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index)?;
        let name = file.name()?.into_owned();
        if ![BOOTSTRAP, CONFIGURATION].contains(&&*name) {
            return Err(NotAPackage::Strange(shown(&name, 100)));
        }
        let data = file.data_start().ok_or(NotAPackage::Layout)?;
        files.push((file.header_start(), data.saturating_add(file.compressed_size())));
    }
    files.sort_unstable();
    let directory = archive.central_directory_start();
    // Each file begins where the one before ends, and the directory after the last.
    let ends = files.iter().map(|(_, end)| *end);
    let begins = files.iter().map(|(begin, _)| *begin).chain([directory]);
    let is_tiled = [0].into_iter().chain(ends).eq(begins);
    if is_tiled && has_end(zip, files.len(), directory) {
        Ok(archive)
    } else {
        Err(NotAPackage::Layout)
    }
}

/// Whether the directory begins here, is the last of the zip, and has so many entries.
fn has_end(zip: &[u8], entries: usize, directory: u64) -> bool {
    let Some(end) = zip.last_chunk::<END_LENGTH>().filter(|end| end.starts_with(END)) else {
        return false;
    };
    let short = |at: usize| u64::from(u16::from_le_bytes([end[at], end[at + 1]]));
    let long = |at: usize| short(at) | (short(at + 2) << 16);
    short(10) == entries as u64
        && long(16) == directory
        && long(16) + long(12) + END_LENGTH as u64 == zip.len() as u64
}

pub(crate) fn of_bootstrap(binary: &[u8]) -> Result<Vec<u8>, ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(BOOTSTRAP, options(0o755))?;
    zip.write_all(binary)?;
    Ok(zip.finish()?.into_inner())
}

/// The same zip with this configuration in place of its own. The program is not compressed again.
pub(crate) fn with_configuration(zip: &[u8], json: &str) -> Result<Vec<u8>, NotAPackage> {
    let mut old = open(zip)?;
    let mut new = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..old.len() {
        let file = old.by_index_raw(index)?;
        if file.name()? != CONFIGURATION {
            new.raw_copy_file(file)?;
        }
    }
    new.start_file(CONFIGURATION, options(0o644))?;
    new.write_all(json.as_bytes())?;
    Ok(new.finish()?.into_inner())
}

/// The configuration in it, if there is one.
pub(crate) fn configuration_of(zip: &[u8]) -> Result<Option<String>, NotAPackage> {
    let mut archive = open(zip)?;
    let Some(index) = archive.index_for_name(CONFIGURATION) else { return Ok(None) };
    let mut text = String::new();
    archive.by_index(index)?.take(CONFIGURATION_BYTES_MAX).read_to_string(&mut text)?;
    Ok(Some(text))
}

/// All metadata is fixed; 1980-01-01 is the earliest date in a zip.
fn options(permissions: u32) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        .unix_permissions(permissions)
        .system(System::Unix)
}

/// Unpacks the program, up to this size.
pub(crate) fn bootstrap_of(zip: &[u8], size_bytes_max: usize) -> Result<Vec<u8>, NotAPackage> {
    let mut archive = open(zip)?;
    let file = archive.by_name(BOOTSTRAP)?;
    if file.unix_mode().is_none_or(|mode| mode & 0o111 == 0) {
        return Err(NotAPackage::Mode);
    }
    let mut binary = Vec::new();
    // The size in the zip's directory may be wrong: read no more than is allowed.
    file.take(size_bytes_max as u64 + 1).read_to_end(&mut binary)?;
    if binary.len() > size_bytes_max {
        return Err(NotAPackage::Size(size_bytes_max));
    }
    Ok(binary)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn program() -> Vec<u8> {
        (0..200_000_u32).flat_map(|n| (n.wrapping_mul(n) >> 3).to_le_bytes()).collect()
    }

    #[test]
    fn the_same_program_gives_the_same_bytes_today_and_on_every_machine() {
        let zip = of_bootstrap(&program()).unwrap();
        assert_eq!(zip, of_bootstrap(&program()).unwrap());
        // Pinned: another compressor under the same dependency would change every key.
        expect!["855363cc6aab26f701a2a8dd967c0ba52263efed8a001c31fb6e6e7350cddee9"]
            .assert_eq(&hex::encode(Sha256::digest(&zip)));
    }

    #[test]
    fn a_package_has_one_executable_file_of_the_first_day() {
        let zip = of_bootstrap(&program()).unwrap();
        let mut archive = ZipArchive::new(Cursor::new(&zip)).unwrap();
        assert_eq!(archive.len(), 1);
        let file = archive.by_index(0).unwrap();
        assert_eq!(file.name().unwrap(), "bootstrap");
        assert_eq!(file.unix_mode(), Some(0o100_755));
        let time = file.last_modified().unwrap();
        assert_eq!((time.year(), time.month(), time.day(), time.hour()), (1980, 1, 1, 0));
    }

    #[test]
    fn a_configuration_goes_beside_the_program_and_changes_the_hash() {
        let plain = of_bootstrap(&program()).unwrap();
        let one = with_configuration(&plain, "{\"grade\":\"speed\"}").unwrap();
        let other = with_configuration(&one, "{}").unwrap();
        assert_ne!(plain, one);
        assert_eq!(configuration_of(&plain).unwrap(), None);
        assert_eq!(other, with_configuration(&plain, "{}").unwrap(), "the old one is replaced");
        assert_eq!(bootstrap_of(&other, 1_000_000).unwrap(), program());
        assert_eq!(ZipArchive::new(Cursor::new(&other)).unwrap().len(), 2);
        assert_eq!(configuration_of(&other).unwrap().as_deref(), Some("{}"));
        assert_eq!(configuration_of(&plain).unwrap(), None);
    }

    #[test]
    fn what_was_zipped_is_unpacked() {
        let zip = of_bootstrap(&program()).unwrap();
        assert_eq!(bootstrap_of(&zip, 1_000_000).unwrap(), program());
    }

    #[test]
    fn a_zip_that_readers_could_read_in_two_ways_is_no_package() {
        let package = with_configuration(&of_bootstrap(b"program").unwrap(), "{}").unwrap();
        assert_eq!(bootstrap_of(&package, 10).unwrap(), b"program");
        // The name of the configuration is replaced by one of the same length: two files have the same name.
        let renamed = |from: &[u8], to: &[u8]| {
            let mut zip = package.clone();
            let places: Vec<usize> = zip
                .windows(from.len())
                .enumerate()
                .filter(|(_, at)| *at == from)
                .map(|(at, _)| at)
                .collect();
            assert_eq!(places.len(), 2, "once in the file's header, once in the directory");
            for at in places {
                zip[at..at + to.len()].copy_from_slice(to);
            }
            zip
        };
        let other = of_bootstrap(b"another").unwrap();
        let mut zips = vec![
            renamed(b"s3guard.json", b"s3guard.JSON"),
            [&package[..], b"x"].concat(),
            [&b"x"[..], &package[..]].concat(),
            [&other[..], &package[..]].concat(),
            [&package[..], &other[..]].concat(),
        ];
        let mut twice = ZipWriter::new(Cursor::new(Vec::new()));
        for name in ["bootstrap", "bootstra_"] {
            twice.start_file(name, options(0o755)).unwrap();
            twice.write_all(name.as_bytes()).unwrap();
        }
        let mut twice = twice.finish().unwrap().into_inner();
        for at in 0..twice.len() - 9 {
            if &twice[at..at + 9] == b"bootstra_" {
                twice[at + 8] = b'p';
            }
        }
        zips.push(twice);
        for (index, zip) in zips.iter().enumerate() {
            assert!(bootstrap_of(zip, 10).is_err(), "{index}");
            assert!(configuration_of(zip).is_err(), "{index}");
            assert!(with_configuration(zip, "{}").is_err(), "{index}");
        }
    }

    #[test]
    fn a_zip_without_an_executable_bootstrap_is_no_package() {
        let zip_with = |name: &str, mode: u32| {
            let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
            zip.start_file(name, SimpleFileOptions::default().unix_permissions(mode)).unwrap();
            zip.write_all(b"x").unwrap();
            zip.finish().unwrap().into_inner()
        };
        let refusal = |zip: &[u8]| bootstrap_of(zip, 10).unwrap_err().to_string();
        assert_eq!(refusal(b"text"), "it cannot be read as a zip");
        assert_eq!(
            refusal(&zip_with("main", 0o755)),
            "it has a file `main`, and a package has only `bootstrap` and `s3guard.json`"
        );
        assert_eq!(refusal(&zip_with("s3guard.json", 0o755)), "it cannot be read as a zip");
        assert_eq!(
            refusal(&zip_with("bootstrap", 0o644)),
            "its file `bootstrap` may not be executed"
        );
        let large = of_bootstrap(&program()).unwrap();
        assert_eq!(refusal(&large), "its file `bootstrap` has more than 10 bytes");
    }
}
