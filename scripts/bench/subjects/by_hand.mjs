/** What a careful user of a bare API writes where this package has a word for it; the same on each runtime. */

/** Lines, one after another, for who wants to wait for something at each. */
async function* linesOf(chunks) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop();
    for (const part of parts) yield part;
  }
  if (rest !== "") yield rest;
}

export async function countLines(chunks) {
  let count = 0;
  for await (const line of linesOf(chunks)) count += line.length + 1;
  return count;
}

/** As `run` with a tee: a stream gets a copy of each chunk, which is its own, and the last chunk is kept. */
export async function teeInto(chunks) {
  let bytes = 0;
  const tee = new WritableStream({ write: (chunk) => void (bytes += chunk.length) });
  const writer = tee.getWriter();
  let last;
  for await (const chunk of chunks) {
    last = chunk;
    await writer.write(new Uint8Array(chunk));
  }
  return last === undefined ? 0 : bytes;
}
