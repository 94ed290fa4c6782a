/** Runs where every backend throws when it is loaded, and where no other package is: importing must not notice. */
import { createExecutor, ExecError, quote, split } from "polyspawn";

const words = split(quote(["echo", "it's lean"]));
if (words.join() !== "echo,it's lean") throw new Error(`split gave ${words}`);

// And the trap is one: the first command falls into it.
const error = await createExecutor().output("echo hello").then(() => undefined, (error) => error);
const messages = [error, error?.cause].map((each) => each?.message ?? "").join();
if (!messages.includes("a backend was loaded")) {
  throw new Error(`The trap did not hold: ${messages}`, { cause: error });
}
console.log(ExecError.name);
