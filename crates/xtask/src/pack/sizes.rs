//! `cargo xtask pack --sizes`: where the bytes of a program go, by section and by crate.
//!
//! The program is built as it is packed, but with its symbols. What the optimiser has put into its caller counts as its
//! caller's. What a size shrinks to in the package is that of its bytes alone, at the level at which they are packed.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Cursor, Write as _};
use std::path::Path;

use object::Endianness;
use object::elf::{SHF_ALLOC, SHT_NOBITS, SHT_SYMTAB, STT_FUNC};
use object::read::elf::{ElfFile64, FileHeader as _, SectionHeader as _, Sym as _};
use zip::{ZipArchive, ZipWriter};

use crate::Result;
use crate::pack::deflated;

/// Smaller ones are summed up, in bytes.
const SHOWN: u64 = 16 * 1024;

/// Where the bytes of a program go.
pub(super) struct Sizes {
    sections: Vec<Row>,
    crates: Vec<Row>,
}

/// A name, its bytes in the program, and those in the package.
struct Row {
    name: String,
    bytes: u64,
    packed: u64,
}

impl Sizes {
    /// Of the program at `path`, which has its symbols.
    pub(super) fn of(path: &Path) -> Result<Self> {
        let data = std::fs::read(path)?;
        let file = ElfFile64::<Endianness>::parse(data.as_slice())?;
        let (header, endian, data) = (file.elf_header(), file.endian(), data.as_slice());
        let table = header.sections(endian, data)?;
        let mut sections: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for section in table.iter() {
            let loaded = section.sh_flags(endian) & u64::from(SHF_ALLOC) != 0;
            if loaded && section.sh_type(endian) != SHT_NOBITS {
                let name =
                    String::from_utf8_lossy(table.section_name(endian, section)?).into_owned();
                sections.entry(name).or_default().extend(section.data(endian, data)?);
            }
        }
        let symbols = table.symbols(endian, data, SHT_SYMTAB)?;
        // Functions that came out the same have one body and many names.
        let mut functions = BTreeMap::new();
        for symbol in symbols.iter().filter(|symbol| symbol.st_type() == STT_FUNC) {
            let name = String::from_utf8_lossy(symbol.name(endian, symbols.strings())?);
            let index = object::SectionIndex(symbol.st_shndx(endian).into());
            if symbol.st_size(endian) == 0 || index.0 == 0 {
                continue;
            }
            let section = table.section(index)?;
            let start = symbol.st_value(endian) - section.sh_addr(endian);
            let end = start + symbol.st_size(endian);
            let code = section.data(endian, data)?;
            let code = code.get(usize::try_from(start)?..usize::try_from(end)?).unwrap_or_default();
            functions.entry(symbol.st_value(endian)).or_insert((owner(&name), code));
        }
        if functions.is_empty() {
            return Err(format!("{} has no symbols", path.display()).into());
        }
        let mut crates: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (owner, code) in functions.into_values() {
            crates.entry(owner).or_default().extend(code);
        }
        Ok(Self { sections: rows(sections)?, crates: rows(crates)? })
    }
}

fn rows(parts: BTreeMap<String, Vec<u8>>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut others = Vec::new();
    for (name, bytes) in parts {
        if (bytes.len() as u64) < SHOWN {
            others.extend(bytes);
        } else {
            rows.push(Row { name, bytes: bytes.len() as u64, packed: shrunk(&bytes)? });
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.bytes));
    let others =
        Row { name: "others".to_owned(), bytes: others.len() as u64, packed: shrunk(&others)? };
    rows.push(others);
    Ok(rows)
}

/// What these bytes take in a package.
fn shrunk(bytes: &[u8]) -> Result<u64> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("part", deflated())?;
    zip.write_all(bytes)?;
    let mut zip = ZipArchive::new(zip.finish()?)?;
    Ok(zip.by_index(0)?.compressed_size())
}

/// The crate that a function is of: the first that its name has and that is not the standard library's. So what the
/// standard library does with a crate's types is the crate's.
fn owner(symbol: &str) -> String {
    let Ok(name) = rustc_demangle::try_demangle(symbol) else {
        let ring = symbol.contains("ring_core");
        return if ring { "ring (C and assembly)" } else { "C library, and other assembly" }
            .to_owned();
    };
    let name = format!("{name:#}");
    let mut crates = roots(&name).filter(|name| !STANDARD.contains(name));
    crates.next().unwrap_or("standard library").to_owned()
}

const STANDARD: [&str; 3] = ["std", "core", "alloc"];

/// The first parts of all paths in a name.
fn roots(name: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    name.match_indices("::").filter_map(move |(end, _)| {
        let before = &name[..end];
        let start = before.rfind(|c| !is_part(c)).map_or(0, |at| at + 1);
        let first = !before[..start].ends_with("::");
        let root = &before[start..];
        (first && root.starts_with(|c: char| c.is_lowercase() || c == '_')).then_some(root)
    })
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, rows) in [("section", &self.sections), ("crate, of .text", &self.crates)] {
            writeln!(f, "{title:<32}{:>10}{:>10}", "bytes", "packed")?;
            for Row { name, bytes, packed } in rows {
                writeln!(f, "{name:<32}{bytes:>10}{packed:>10}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use stand::missing::{Need, needs};

    use super::*;

    #[test]
    fn a_function_is_of_the_first_crate_that_is_not_the_standard_library() {
        for (name, expected) in [
            ("_RNvNtCs1_4core3ptr4drop", "standard library"),
            ("_ZN5tokio7runtime4park4Park4park17h0123456789abcdefE", "tokio"),
            (
                "_ZN4core3ptr45drop_in_place$LT$serde_json..value..Value$GT$17h0123456789abcdefE",
                "serde_json",
            ),
            (
                "_RINvNtCs7BliBxkEZsN_4core3ptr13drop_in_placeINtNtCs2Nb3gJ4iU0I_5alloc3vec3VecINtNtBL_5boxed3Box\
                 DINtNtNtB4_3ops8function6FnOnceuEp6OutputuNtNtB4_6marker4SendEL_EEECsaz6eC2DG7lh_3std",
                "standard library",
            ),
            ("ring_core_0_17_14__aes_hw_encrypt", "ring (C and assembly)"),
            ("memcpy", "C library, and other assembly"),
        ] {
            assert_eq!(owner(name), expected, "{name}");
        }
    }

    #[test]
    fn a_program_without_symbols_says_so() {
        // It comes with its strip.
        if !needs(&[Need::Gcc]) {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let stripped = folder.path().join("stripped");
        let own = std::env::current_exe().unwrap();
        let sizes = Sizes::of(&own).unwrap();
        assert!(sizes.crates.iter().any(|row| row.name == "xtask" && row.packed < row.bytes));
        let mut strip = std::process::Command::new("strip");
        assert!(strip.arg("-o").args([&stripped, &own]).status().unwrap().success());
        let error = Sizes::of(&stripped).err().unwrap();
        assert!(error.to_string().ends_with("has no symbols"), "{error}");
    }
}
