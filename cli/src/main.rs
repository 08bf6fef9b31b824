//! The command `s3guard`.

use std::process::ExitCode;

fn main() -> ExitCode {
    s3guard::main()
}
