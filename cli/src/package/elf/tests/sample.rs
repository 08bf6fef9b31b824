//! Small ELF files for tests, byte for byte after the System V ABI and the Linux Standard Base.

/// A program: what it is for and what it asks for.
pub(crate) struct Sample {
    pub(crate) machine: u16,
    pub(crate) kind: u16,
    pub(crate) interpreter: &'static str,
    pub(crate) libraries: &'static [&'static str],
    /// Library, version, symbol and flags.
    pub(crate) needs: &'static [(&'static str, &'static str, &'static str, u16)],
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            machine: 62,
            kind: 3,
            interpreter: "/lib64/ld-linux-x86-64.so.2",
            libraries: &["libgcc_s.so.1", "libm.so.6", "libc.so.6"],
            needs: &[
                ("libc.so.6", "GLIBC_2.34", "__libc_start_main", 0),
                ("libgcc_s.so.1", "GCC_3.0", "_Unwind_Resume", 0),
            ],
        }
    }
}

struct Section {
    kind: u32,
    link: u32,
    info: usize,
    entry: u64,
    bytes: Vec<u8>,
}

impl Sample {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut strings = vec![0];
        let mut name = |text: &str| {
            let at = u32::try_from(strings.len()).unwrap();
            strings.extend([text.as_bytes(), b"\0"].concat());
            at
        };
        let mut symbols = vec![0; 24];
        let mut indices = vec![0, 0];
        let mut versions = Vec::new();
        for (index, (library, version, symbol, flags)) in self.needs.iter().enumerate() {
            let index = u16::try_from(index + 2).unwrap();
            symbols.extend(name(symbol).to_le_bytes());
            symbols.extend([&[0x12][..], &[0; 19]].concat());
            indices.extend(index.to_le_bytes());
            let last = usize::from(index) == self.needs.len() + 1;
            versions.extend([1_u16, 1].map(u16::to_le_bytes).concat());
            versions.extend(
                [name(library), 16, if last { 0 } else { 32 }].map(u32::to_le_bytes).concat(),
            );
            versions.extend(0_u32.to_le_bytes());
            versions.extend([*flags, index].map(u16::to_le_bytes).concat());
            versions.extend([name(version), 0].map(u32::to_le_bytes).concat());
        }
        let mut dynamic = Vec::new();
        for library in self.libraries {
            dynamic.extend([1, u64::from(name(library))].map(u64::to_le_bytes).concat());
        }
        dynamic.extend([0; 16]);
        let needs = self.needs.len();
        let section = |kind, link, info, entry, bytes| Section { kind, link, info, entry, bytes };
        self.assemble(&[
            section(0, 0, 0, 0, Vec::new()),
            section(3, 0, 0, 0, strings),
            section(11, 1, 1, 24, symbols),
            section(0x6fff_ffff, 2, 0, 2, indices),
            // A program without versions has no such section.
            section(if needs == 0 { 0 } else { 0x6fff_fffe }, 1, needs, 0, versions),
            section(6, 1, 0, 16, dynamic),
        ])
    }

    /// Header, one segment for the loader's name, contents, table of sections.
    fn assemble(&self, sections: &[Section]) -> Vec<u8> {
        let loader = [self.interpreter.as_bytes(), b"\0"].concat();
        let mut contents: Vec<u8> = Vec::new();
        let mut table: Vec<u8> = Vec::new();
        let start = 64 + 56 + loader.len() as u64;
        for Section { kind, link, info, entry, bytes } in sections {
            let at = start + contents.len() as u64;
            table.extend([0, *kind].map(u32::to_le_bytes).concat());
            table.extend([0, 0, at, bytes.len() as u64].map(u64::to_le_bytes).concat());
            table.extend([*link, u32::try_from(*info).unwrap()].map(u32::to_le_bytes).concat());
            table.extend([1, *entry].map(u64::to_le_bytes).concat());
            contents.extend(bytes);
        }
        let count = u16::try_from(sections.len()).unwrap();
        let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        file.extend([self.kind, self.machine].map(u16::to_le_bytes).concat());
        file.extend(1_u32.to_le_bytes());
        file.extend([0, 64, start + contents.len() as u64].map(u64::to_le_bytes).concat());
        file.extend(0_u32.to_le_bytes());
        file.extend([64, 56, 1, 64, count, 1].map(u16::to_le_bytes).concat());
        let loads = u32::from(!self.interpreter.is_empty()) * 3;
        file.extend([loads, 4].map(u32::to_le_bytes).concat());
        let size = loader.len() as u64;
        file.extend([120, 0, 0, size, size, 1].map(u64::to_le_bytes).concat());
        file.extend(loader);
        file.extend(contents);
        file.extend(table);
        file
    }
}
