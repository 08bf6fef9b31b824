//! Checks the ELF file of a program before it is uploaded: one that needs more than the runtime has would crash at
//! every start, with only a line of the loader in the log.

use object::elf;
use object::read::elf::{ElfFile64, FileHeader as _, ProgramHeader as _};
use object::{FileKind, LittleEndian, Object as _};
use thiserror::Error;

use crate::package::Architecture;

type ElfFile<'data> = ElfFile64<'data, LittleEndian>;

/// The versions in `provided.al2023`: Amazon Linux 2023 has glibc 2.34 and GCC 11.
///
/// Source: Amazon Linux 2023 User Guide, "Core toolchain: glibc, gcc, binutils".
const NEWEST: [(&str, [u32; 2]); 2] = [("GLIBC_", [2, 34]), ("GCC_", [11, u32::MAX])];

/// The libraries that the runtime has.
const LIBRARIES: &str = "libc.so.6 libdl.so.2 libgcc_s.so.1 libm.so.6 libpthread.so.0 librt.so.1 \
     libutil.so.1 ld-linux-x86-64.so.2 ld-linux-aarch64.so.1";

/// Why a program would not start.
#[derive(Debug, Error)]
pub(crate) enum Refusal {
    #[error("it is not a 64-bit Linux program (ELF)")]
    NotElf,
    #[error("its ELF structure is damaged: {0}")]
    Damaged(#[from] object::Error),
    #[error("it is for {found}, the Lambda runs on {wanted}")]
    Machine { found: String, wanted: Architecture },
    #[error("it needs the {0} `{1}`, which the runtime does not have")]
    Missing(&'static str, String),
    #[error("it needs `{version}`, provided.al2023 has {newest}")]
    TooNew { version: String, newest: String },
}

impl Refusal {
    /// What to do about it.
    pub(crate) fn hint(&self, wanted: Architecture) -> String {
        let (release, triple) = (wanted.cargo_lambda(), wanted.triple());
        match self {
            Self::NotElf | Self::Damaged(_) => {
                format!("give the program itself, as `{release}` makes it, with `--bootstrap FILE`")
            }
            Self::Machine { .. } => {
                format!("build it with `{release}`, or choose the other processor with `--arch`")
            }
            Self::Missing(..) | Self::TooNew { .. } => format!(
                "build it for an older glibc, with `{release}` or \
                 `cargo zigbuild --package s3guard-lambda --target {triple}.2.34 --profile lambda`, \
                 and give the program with `--bootstrap FILE`"
            ),
        }
    }
}

/// Refuses a program that would not start in the Lambda.
pub(crate) fn check(bytes: &[u8], wanted: Architecture) -> Result<(), Refusal> {
    if FileKind::parse(bytes).ok() != Some(FileKind::Elf64) {
        return Err(Refusal::NotElf);
    }
    // Both of Lambda's processors are little-endian.
    let file = ElfFile::parse(bytes).map_err(|error| match bytes.get(5) {
        Some(2) => Refusal::Machine { found: "a big-endian processor".to_owned(), wanted },
        Some(_) | None => Refusal::Damaged(error),
    })?;
    machine(&file, wanted)?;
    loader(&file, wanted)?;
    libraries(&file)?;
    versions(&file)
}

fn machine(file: &ElfFile<'_>, wanted: Architecture) -> Result<(), Refusal> {
    let header = file.elf_header();
    let expected = match wanted {
        Architecture::X86_64 => elf::EM_X86_64,
        Architecture::Arm64 => elf::EM_AARCH64,
    };
    let machine = header.e_machine(LittleEndian);
    if machine != expected {
        let found = match machine {
            elf::EM_X86_64 => Architecture::X86_64.to_string(),
            elf::EM_AARCH64 => Architecture::Arm64.to_string(),
            other => format!("ELF machine {}", other.0),
        };
        return Err(Refusal::Machine { found, wanted });
    }
    match header.e_type(LittleEndian) {
        elf::ET_EXEC | elf::ET_DYN => Ok(()),
        _ => Err(Refusal::NotElf),
    }
}

/// A program without a loader is statically linked, and needs no libraries.
fn loader(file: &ElfFile<'_>, wanted: Architecture) -> Result<(), Refusal> {
    let expected: &[u8] = match wanted {
        Architecture::X86_64 => b"/lib64/ld-linux-x86-64.so.2",
        Architecture::Arm64 => b"/lib/ld-linux-aarch64.so.1",
    };
    for segment in file.elf_program_headers() {
        match segment.interpreter(LittleEndian, file.data())? {
            Some(found) if found != expected => {
                return Err(Refusal::Missing("loader", text(found)));
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}

fn libraries(file: &ElfFile<'_>) -> Result<(), Refusal> {
    for library in file.import_libraries()? {
        let name = text(library?.name());
        if !LIBRARIES.split_whitespace().any(|known| known == name) {
            return Err(Refusal::Missing("library", name));
        }
    }
    Ok(())
}

fn versions(file: &ElfFile<'_>) -> Result<(), Refusal> {
    let sections = file.elf_section_table();
    let Some((needs, link)) = sections.gnu_verneed(LittleEndian, file.data())? else {
        return Ok(());
    };
    let strings = sections.strings(LittleEndian, file.data(), link)?;
    for need in needs {
        let (_, versions) = need?;
        for version in versions {
            let version = version?;
            // The loader ignores missing weak versions.
            if version.vna_flags.get(LittleEndian).contains(elf::VER_FLG_WEAK) {
                continue;
            }
            let name = text(version.name(LittleEndian, strings)?);
            if let Some(newest) = too_new(&name) {
                return Err(Refusal::TooNew { version: name, newest });
            }
        }
    }
    Ok(())
}

/// The newest version in the runtime, if this version is newer.
fn too_new(version: &str) -> Option<String> {
    let (prefix, number, newest) = NEWEST
        .iter()
        .find_map(|(prefix, newest)| Some((prefix, version.strip_prefix(prefix)?, newest)))?;
    let numbers: Option<Vec<u32>> = number.split('.').map(|part| part.parse().ok()).collect();
    match numbers {
        Some(numbers) if numbers.as_slice() < &newest[..] || numbers == newest => None,
        // A name instead of a number (`GLIBC_PRIVATE`, `GLIBC_ABI_DT_RELR`) guarantees nothing.
        Some(_) | None => Some(match newest {
            [major, u32::MAX] => format!("{prefix}{major}"),
            [major, minor] => format!("{prefix}{major}.{minor}"),
        }),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    pub(crate) mod sample;

    use sample::Sample;

    use super::*;

    #[track_caller]
    fn check(sample: &Sample, expected: &str) {
        let found = super::check(&sample.bytes(), Architecture::X86_64);
        let found = found.map_or_else(|refusal| refusal.to_string(), |()| "starts".to_owned());
        assert_eq!(found, expected);
    }

    #[test]
    fn a_program_that_asks_for_no_more_than_the_runtime_has_starts() {
        check(&Sample::default(), "starts");
        check(
            &Sample { interpreter: "", libraries: &[], needs: &[], ..Sample::default() },
            "starts",
        );
    }

    #[test]
    fn a_newer_glibc_is_refused() {
        let needs =
            &[("libc.so.6", "GLIBC_2.34", "main", 0), ("libc.so.6", "GLIBC_2.38", "strlcpy", 0)];
        check(
            &Sample { needs, ..Sample::default() },
            "it needs `GLIBC_2.38`, provided.al2023 has GLIBC_2.34",
        );
        let needs = &[("libc.so.6", "GLIBC_ABI_DT_RELR", "", 0)];
        check(
            &Sample { needs, ..Sample::default() },
            "it needs `GLIBC_ABI_DT_RELR`, provided.al2023 has GLIBC_2.34",
        );
        let needs = &[("libgcc_s.so.1", "GCC_14.0.0", "__divmodbitint4", 0)];
        check(
            &Sample { needs, ..Sample::default() },
            "it needs `GCC_14.0.0`, provided.al2023 has GCC_11",
        );
    }

    #[test]
    fn weak_versions_are_ignored() {
        let needs = &[("libc.so.6", "GLIBC_2.38", "strlcpy", 2)];
        check(&Sample { needs, ..Sample::default() }, "starts");
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        for (version, newest) in [
            ("GLIBC_2.2.5", None),
            ("GLIBC_2.9", None),
            ("GLIBC_2.34", None),
            ("GLIBC_2.34.1", Some("GLIBC_2.34")),
            ("GLIBC_2.100", Some("GLIBC_2.34")),
            ("GLIBC_3", Some("GLIBC_2.34")),
            ("GLIBC_PRIVATE", Some("GLIBC_2.34")),
            ("GCC_4.2.0", None),
            ("GCC_11.0.0", None),
            ("GCC_12.0.0", Some("GCC_11")),
            ("OTHER_9.9", None),
        ] {
            assert_eq!(too_new(version).as_deref(), newest, "{version}");
        }
    }

    #[test]
    fn what_is_for_another_machine_is_refused() {
        let arm = Sample { machine: 183, ..Sample::default() };
        check(&arm, "it is for arm64, the Lambda runs on x86_64");
        check(
            &Sample { machine: 243, ..Sample::default() },
            "it is for ELF machine 243, the Lambda runs on x86_64",
        );
        let refusal = super::check(&Sample::default().bytes(), Architecture::Arm64).unwrap_err();
        assert_eq!(refusal.to_string(), "it is for x86_64, the Lambda runs on arm64");
        assert!(refusal.hint(Architecture::Arm64).contains("cargo lambda build --release --arm64"));
    }

    #[test]
    fn foreign_libraries_and_loaders_are_refused() {
        let libraries = &["libc.so.6", "libssl.so.3"];
        check(
            &Sample { libraries, ..Sample::default() },
            "it needs the library `libssl.so.3`, which the runtime does not have",
        );
        check(
            &Sample { interpreter: "/lib/ld-musl-x86_64.so.1", ..Sample::default() },
            "it needs the loader `/lib/ld-musl-x86_64.so.1`, which the runtime does not have",
        );
    }

    #[test]
    fn what_is_no_program_is_refused() {
        check(&Sample { kind: 1, ..Sample::default() }, "it is not a 64-bit Linux program (ELF)");
        for bytes in [
            &b""[..],
            b"#!/bin/sh\n",
            b"\x7fELF",
            b"\xcf\xfa\xed\xfe\x07\0\0\x01\x03\0\0\0\0\0\0\0",
        ] {
            let refusal = super::check(bytes, Architecture::X86_64).unwrap_err();
            assert_eq!(refusal.to_string(), "it is not a 64-bit Linux program (ELF)");
        }
    }

    #[test]
    fn a_damaged_program_is_refused_and_never_a_panic() {
        let whole = Sample::default().bytes();
        for length in 0..whole.len() {
            assert!(super::check(&whole[..length], Architecture::X86_64).is_err(), "{length}");
        }
        for index in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[index] ^= 0xff;
            let _ = super::check(&bytes, Architecture::X86_64);
        }
    }

    #[test]
    fn every_refusal_has_a_way_out() {
        let wanted = Architecture::X86_64;
        let too_new = Refusal::TooNew { version: String::new(), newest: String::new() };
        assert!(too_new.hint(wanted).contains("--target x86_64-unknown-linux-gnu.2.34"));
        assert!(Refusal::NotElf.hint(wanted).contains("--bootstrap FILE"));
        assert!(Refusal::Machine { found: String::new(), wanted }.hint(wanted).contains("--arch"));
    }
}
