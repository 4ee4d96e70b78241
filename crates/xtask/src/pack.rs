//! `cargo xtask pack`: a charm as one archive, the same bytes from the same source.

mod sizes;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use object::read::elf::{ElfFile64, FileHeader as _, ProgramHeader as _};
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::Result;
use crate::workspace::{self, CHARMS};
use sizes::Sizes;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Which charm; both when left out.
    #[arg(value_parser = CHARMS)]
    charm: Option<String>,
    /// For which processors.
    #[arg(long, value_enum, default_value_t = Arch::host())]
    arch: Arch,
    /// Say where the bytes of the program go instead.
    #[arg(long)]
    sizes: bool,
}

/// The processors that the charms are built for, by Juju's names.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Arch {
    /// `x86_64-unknown-linux-musl`
    Amd64,
    /// `aarch64-unknown-linux-musl`
    Arm64,
}

/// A packed charm.
pub(crate) struct Packed {
    /// The `.charm` file.
    pub(crate) path: PathBuf,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// The program in it, as it was built.
    pub(crate) binary: PathBuf,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub(crate) sha256: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    for charm in CHARMS
        .iter()
        .filter(|charm| arguments.charm.as_deref().is_none_or(|wanted| wanted == **charm))
    {
        if arguments.sizes {
            let program = build(charm, arguments.arch, Symbols::Kept)?;
            print!("{charm}\n\n{}", Sizes::of(&program)?);
            continue;
        }
        let Packed { path, size, sha256, .. } = pack(charm, arguments.arch)?;
        println!("{}  {size} bytes  sha256 {sha256}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds and packs one shipped charm.
pub(crate) fn pack(charm: &str, arch: Arch) -> Result<Packed> {
    let binary = build(charm, arch, Symbols::Stripped)?;
    check_static(&binary)?;
    let metadata = workspace::root().join("metadata").join(charm);
    let path = workspace::charms().join(format!("{charm}_{}.charm", arch.juju()));
    archive(&path, &metadata, &binary, arch)
}

/// Packs a neighbour of the stand, built for this machine.
pub(crate) fn pack_peer(peer: &str) -> Result<Packed> {
    let binary = workspace::built(&format!("peer-{peer}"))?;
    let metadata = workspace::root().join("tests/peers").join(peer).join("metadata");
    let arch = Arch::host();
    archive(
        &workspace::charms().join(format!("{peer}_{}.charm", arch.juju())),
        &metadata,
        &binary,
        arch,
    )
}

/// Puts a charm's metadata and binary into an archive, in a fixed order with fixed times and modes.
pub(crate) fn archive(path: &Path, metadata: &Path, dispatch: &Path, arch: Arch) -> Result<Packed> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let temporary = path.with_extension("charm.new");
    let mut zip = ZipWriter::new(File::create(&temporary)?);
    let options = deflated().last_modified_time(DateTime::default());
    let mut add = |name: &str, mode: u32, content: &[u8]| -> Result<()> {
        zip.start_file(name, options.unix_permissions(mode))?;
        zip.write_all(content)?;
        Ok(())
    };
    add("LICENSE", 0o644, &fs::read(workspace::root().join("LICENSE"))?)?;
    for name in ["actions.yaml", "config.yaml", "icon.svg"] {
        if let Ok(content) = fs::read(metadata.join(name)) {
            add(name, 0o644, &content)?;
        }
    }
    add("dispatch", 0o755, &fs::read(dispatch)?)?;
    add("manifest.yaml", 0o644, manifest(arch)?.as_bytes())?;
    add("metadata.yaml", 0o644, &fs::read(metadata.join("metadata.yaml"))?)?;
    add("version", 0o644, workspace::commit().as_bytes())?;
    zip.finish()?.sync_all()?;
    fs::rename(&temporary, path)?;

    let bytes = fs::read(path)?;
    let sha256 = Sha256::digest(&bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    Ok(Packed {
        path: path.to_owned(),
        size: bytes.len() as u64,
        binary: dispatch.to_owned(),
        sha256,
    })
}

/// How whatever is packed is made small.
fn deflated() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
}

/// What Juju reads to know where the charm runs.
fn manifest(arch: Arch) -> Result<String> {
    let manifest = serde_json::json!({
        "bases": [{ "name": "ubuntu", "channel": "24.04", "architectures": [arch.juju()] }],
    });
    Ok(serde_yaml::to_string(&manifest)?)
}

/// Installs the standard library of `triple` where it is not there: not every rustup does that by itself.
fn ensure_target(triple: &str) -> Result<()> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", triple]).current_dir(workspace::root());
    let output = rustc.output()?;
    if Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() {
        return Ok(());
    }
    let mut rustup = Command::new("rustup");
    workspace::run(rustup.args(["target", "add", triple]).current_dir(workspace::root()))
}

/// What makes a static executable position-independent where rustc does not do so by itself: musl's own start file for
/// that, which comes with the target, in the place of the one that rustc would choose.
fn static_pie(triple: &str) -> Result<Vec<String>> {
    let output = Command::new("rustc")
        .args(["--print", "sysroot"])
        .current_dir(workspace::root())
        .output()?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let folder = sysroot.join("lib/rustlib").join(triple).join("lib/self-contained");
    let mut flags =
        vec!["-Crelocation-model=pic".to_owned(), "-Clink-self-contained=no".to_owned()];
    let mut link = |argument: String| flags.push(format!("-Clink-arg={argument}"));
    for object in ["rcrt1.o", "crti.o", "crtbeginS.o", "crtendS.o", "crtn.o"] {
        link(folder.join(object).display().to_string());
    }
    link(format!("-L{}", folder.display()));
    for argument in ["-pie", "--no-dynamic-linker", "-ztext"] {
        link(argument.to_owned());
    }
    Ok(flags)
}

/// What compiles the few parts of TLS that are not Rust, unless the environment says so already. They use nothing of a C
/// library, so that any compiler for the architecture will do.
fn c_compiler(arch: Arch) -> Vec<(String, &'static str)> {
    let triple = arch.triple().replace('-', "_");
    let compiler = match arch {
        arch if arch == Arch::host() => "cc",
        Arch::Amd64 => "x86_64-linux-gnu-gcc",
        Arch::Arm64 => "aarch64-linux-gnu-gcc",
    };
    [("CC", compiler), ("CFLAGS", "-U_FORTIFY_SOURCE")]
        .map(|(name, value)| (format!("{name}_{triple}"), value))
        .into_iter()
        .filter(|(name, _)| std::env::var_os(name).is_none())
        .collect()
}

/// The program of another package, built as charms are.
pub(crate) fn built_as_charms_are(package: &str, arch: Arch) -> Result<PathBuf> {
    build(package, arch, Symbols::Stripped)
}

/// Whether a program has its symbols.
#[derive(Clone, Copy)]
enum Symbols {
    Stripped,
    Kept,
}

fn build(charm: &str, arch: Arch, symbols: Symbols) -> Result<PathBuf> {
    ensure_target(arch.triple())?;
    // Target folders of their own: other flags here must not rebuild what tests have built.
    let (folder, strip) = match symbols {
        Symbols::Stripped => ("pack", "symbols"),
        Symbols::Kept => ("sizes", "none"),
    };
    let target = workspace::target().join(folder);
    let cargo_home = std::env::var("CARGO_HOME")
        .or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")))?;
    // Panic messages carry the paths of source files; without this they would differ from machine to machine.
    let mut flags = vec![
        format!("--remap-path-prefix={cargo_home}=cargo"),
        format!("--remap-path-prefix={}=.", workspace::root().display()),
    ];
    if arch == Arch::Arm64 {
        flags.extend(static_pie(arch.triple())?);
    }
    let mut command = workspace::cargo();
    command
        .args(["build", "--locked", "--release", "--package", charm, "--target", arch.triple()])
        .arg("--target-dir")
        .arg(&target)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .envs(c_compiler(arch))
        .env("CARGO_PROFILE_RELEASE_STRIP", strip)
        .env("CHARM_VERSION", format!("{} ({})", env!("CARGO_PKG_VERSION"), workspace::commit()));
    workspace::run(&mut command)?;
    Ok(target.join(arch.triple()).join("release").join(charm))
}

/// Refuses a binary that needs a loader or libraries of the machine it runs on, or has a fixed address.
fn check_static(binary: &Path) -> Result<()> {
    let bytes = fs::read(binary)?;
    let file = ElfFile64::<object::Endianness>::parse(bytes.as_slice())?;
    let endian = file.endian();
    let interpreter = file
        .elf_program_headers()
        .iter()
        .any(|header| header.p_type(endian) == object::elf::PT_INTERP);
    let relocatable = file.elf_header().e_type(endian) == object::elf::ET_DYN;
    if interpreter || !relocatable {
        return Err(format!(
            "{} is not a static position-independent executable",
            binary.display()
        )
        .into());
    }
    Ok(())
}

impl Arch {
    /// This machine's.
    pub(crate) fn host() -> Self {
        if cfg!(target_arch = "aarch64") { Self::Arm64 } else { Self::Amd64 }
    }

    fn triple(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64-unknown-linux-musl",
            Self::Arm64 => "aarch64-unknown-linux-musl",
        }
    }

    /// Juju's name for it.
    pub(crate) fn juju(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}
