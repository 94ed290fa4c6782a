/**
 * How a program of the suite behaves, in data: a backend without real processes plays it from this.
 * @module
 */
import type { SignalName } from "../../signals.ts";

/** One command the suite runs. */
export interface Program {
  /** The word the suite calls it by. */
  readonly name: string;
  /** The executable and its arguments. A program without `behaviour` may get more arguments behind these. */
  readonly argv: readonly string[];
  /** What it does and what for, in words. */
  readonly does: string;
  /**
   * The same as data. It is missing where only a real process will do, because files, process ids or an inherited
   * environment are looked at: a backend with `realProcesses: false` is never given such a program.
   */
  readonly behaviour?: Behaviour;
}

/** What a program does from its start to its end. */
export interface Behaviour {
  /** One after the other; after the last one the program ends. */
  readonly steps: readonly Step[];
  /** The exit code it ends with (default: 0). */
  readonly exitCode?: number;
  /** The signal it ends itself with, instead of an exit code. */
  readonly killedBy?: SignalName;
  /** What it does about signals, at any step; one that is not named here kills it. SIGKILL always does. */
  readonly onSignal?: Readonly<Partial<Record<SignalName, Reaction>>>;
}

/** What a program does about a signal: nothing, or other steps and another end than those under way. */
export type Reaction = "ignore" | Pick<Behaviour, "steps" | "exitCode">;

/** One thing a program does. Who reads the end of input goes on; who writes to a closed stream dies of SIGPIPE. */
export type Step =
  | {
    /** Writes a text to this stream. */
    readonly write: "stdout" | "stderr";
    /** The text. */
    readonly text: string;
    /** How often (default: once; `Infinity`: until something ends it). */
    readonly times?: number;
  }
  | {
    /** Reads input up to the next newline, or to its end. */
    readonly read: "line";
  }
  | {
    /** Copies input to stdout: all of it as it comes, one line of it, or all of it at its end with its lines sorted. */
    readonly copy: "all" | "line" | "sorted lines";
  }
  | {
    /** Closes its own standard input, so that writes to it fail. */
    readonly close: "stdin";
  }
  | {
    /** Prints the environment it was started with on stdout, each variable as `NAME=value` on a line. */
    readonly print: "environment";
  }
  | {
    /** Goes on only when the program itself has ended: for steps in the background. */
    readonly await: "exit";
  }
  | {
    /** Does nothing more until a signal ends it. */
    readonly await: "signal";
  }
  | {
    /** Starts a descendant, of the same group, that holds stdout and stderr; the program may end before it does. */
    readonly background: readonly Step[];
  };
