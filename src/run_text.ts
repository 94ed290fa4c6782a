/**
 * One run in time, whatever the command does.
 * @module
 */
import { systemClock } from "./clock.ts";
import { RunAttempt, type RunPlace } from "./run_attempt.ts";
import { inTime } from "./run_deadline.ts";
import type { ResolvedRunOptions } from "./run_options.ts";
import type { RunResult } from "./run_result.ts";
import { RunSink } from "./run_sink.ts";

/**
 * Runs the text for a shell.
 * @param startedAt when the call came
 */
export async function runText(
  text: string,
  options: ResolvedRunOptions,
  place: RunPlace,
  startedAt: number,
): Promise<RunResult> {
  const sink = new RunSink(options);
  const attempt = new RunAttempt(text, options, sink);
  try {
    const ended = await inTime(attempt.run(place), options, {
      end: () => attempt.end(),
      hurry: () => sink.hurry(),
      answer: () => attempt.abandon(),
    });
    const { teeError } = sink;
    return {
      ...ended,
      ...sink.text(),
      ordered: attempt.ordered,
      durationMs: systemClock.now() - startedAt,
      ...(teeError && { teeError }),
    };
  } finally {
    sink.release();
  }
}
