/**
 * Truncation as the documents describe it, in the plainest way: on all bytes at once, without a thought for memory.
 */

export const LF = 0x0a;
const KIB = 1024;
const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

/** The end of the character that has `at` inside it, found by trying to decode everything around; else `at`. */
function afterCharacter(bytes: Uint8Array, at: number): number {
  const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
  for (let start = Math.max(0, at - 3); start < at; start++) {
    for (let end = at + 1; end <= Math.min(bytes.length, start + 4); end++) {
      try {
        if ([...strict.decode(bytes.subarray(start, end))].length === 1) return end;
      } catch {
        // Not a character.
      }
    }
  }
  return at;
}

function size(bytes: number): string {
  return bytes < KIB ? `${bytes}B` : `${(bytes / KIB).toFixed(1)}KB`;
}

/** The rules of truncation on all bytes at once, for less than a megabyte. */
export function reference(bytes: Uint8Array, limit: number): string {
  if (bytes.length <= limit) return decode(bytes);
  let start = bytes.length - limit;
  if (bytes[start - 1] !== LF) {
    const newline = bytes.subarray(start, -1).indexOf(LF);
    start = newline >= 0 && limit > 0 ? start + newline + 1 : afterCharacter(bytes, start);
  }
  const sizes = `${size(bytes.length - start)} of ${size(bytes.length)}`;
  return `...(truncated, showing last ${sizes})\n${decode(bytes.subarray(start))}`;
}
