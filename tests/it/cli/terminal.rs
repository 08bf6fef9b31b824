//! The command in a pseudo-terminal, with a user that waits for prompts and types.

use std::process::Command;

/// Runs a command in a terminal of 80 columns. Its arguments: pairs of a text to wait for and the input to type, up to
/// `--`, then the command. Prints what the terminal received, and exits with the command's exit code.
const TERMINAL: &str = r#"
import fcntl, os, pty, signal, struct, sys, termios
split = sys.argv.index("--")
steps, command = sys.argv[1:split], sys.argv[split + 1:]
signal.alarm(600)
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.execve(command[0], command, os.environ)
seen = looked_at = b""
while True:
    try:
        read = os.read(terminal, 65536)
    except OSError:
        read = b""
    if not read:
        break
    seen += read
    looked_at += read
    if steps and steps[0].encode() in looked_at:
        looked_at = b""
        os.write(terminal, steps[1].encode())
        steps = steps[2:]
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

/// What the terminal received from a command, with each input typed as soon as the text before it appeared, and the
/// exit code.
pub(super) fn in_terminal(command: &Command, steps: &[(&str, &str)]) -> (String, Option<i32>) {
    let mut python = Command::new("python3");
    python.args(["-c", TERMINAL]).args(steps.iter().flat_map(|(seen, typed)| [seen, typed]));
    python.arg("--").arg(command.get_program()).args(command.get_args()).env_clear();
    python.env("TERM", "xterm").env("PATH", std::env::var_os("PATH").unwrap_or_default());
    python.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = python.output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(words, "", "the terminal itself works");
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}
