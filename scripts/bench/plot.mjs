/** Plots as SVG, by hand: bars with whiskers for the quartiles, and lines for how a cost grows. */

const WIDTH = 760;
const LEFT = 230;
const RIGHT = 90;
const ROW = 17;
const COLORS = { ours: "#1f6feb", bare: "#57606a", peer: "#b8c0c8", limit: "#2da44e" };
const PALETTE = ["#1f6feb", "#bf3989", "#2da44e", "#9a6700"];

const escape = (text) =>
  String(text).replace(
    /[&<>"]/g,
    (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[char],
  );
const number = (value) => value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
const at = (value) => value.toFixed(1);

function text(x, y, content, { anchor = "start", size = 11, weight = "normal" } = {}) {
  return `<text x="${at(x)}" y="${
    at(y)
  }" text-anchor="${anchor}" font-size="${size}" font-weight="${weight}">${escape(content)}</text>`;
}

function svg(height, parts) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ` +
    `font-family="system-ui, sans-serif" fill="#1f2328">\n<rect width="100%" height="100%" fill="#ffffff"/>\n` +
    `${parts.join("\n")}\n</svg>\n`;
}

function colorOf({ label, peer }) {
  if (label.startsWith("polyspawn")) return COLORS.ours;
  if (label.startsWith("C ")) return COLORS.limit;
  return peer ? COLORS.peer : COLORS.bare;
}

/** Bars of all contestants, one group a runtime, each group on a scale of its own. */
export function bars(title, unit, groups) {
  const parts = [text(10, 20, title, { size: 14, weight: "bold" })];
  let y = 34;
  for (const { name, rows } of groups) {
    const measured = rows.filter(({ wall }) => wall);
    const most = Math.max(...measured.map(({ wall }) => wall.high));
    const scale = (value) => (value / most) * (WIDTH - LEFT - RIGHT);
    y += 14;
    parts.push(text(10, y, name, { weight: "bold" }));
    y += 6;
    for (const row of measured) {
      const { median, low, high } = row.wall;
      const middle = y + ROW / 2;
      parts.push(
        text(LEFT - 6, middle + 4, row.label, { anchor: "end" }),
        `<rect x="${LEFT}" y="${at(y + 2)}" width="${at(scale(median))}" height="${ROW - 4}" fill="${
          colorOf(row)
        }"/>`,
        `<path d="M${at(LEFT + scale(low))} ${at(middle)}H${
          at(LEFT + scale(high))
        }" stroke="#1f2328" fill="none"/>`,
        text(LEFT + scale(high) + 5, middle + 4, `${number(median)} ${unit}`),
      );
      y += ROW;
    }
  }
  return svg(y + 12, parts);
}

/** One line a runtime: the cost of each at growing sizes, both on logarithmic scales. */
export function lines(title, unit, axis, sizes, groups) {
  const height = 300;
  const [left, right, top, bottom] = [60, 130, 40, 46];
  const values = groups.flatMap(({ rows }) => rows.filter(({ wall }) => wall).map(({ wall }) => wall.median));
  const [least, most] = [Math.min(...values) / 2, Math.max(...values) * 2];
  const place = (value, from, to, size) =>
    (Math.log(value) - Math.log(from)) / (Math.log(to) - Math.log(from)) * size;
  const x = (size) => left + place(size, sizes[0], sizes.at(-1), WIDTH - left - right);
  const y = (value) => height - bottom - place(value, least, most, height - top - bottom);
  const parts = [
    text(10, 20, title, { size: 14, weight: "bold" }),
    `<path d="M${left} ${top}V${height - bottom}H${WIDTH - right}" stroke="#57606a" fill="none"/>`,
    text((left + WIDTH - right) / 2, height - 8, axis, { anchor: "middle" }),
    text(left - 6, y(least) - 2, `${number(least)} ${unit}`, { anchor: "end", size: 10 }),
    text(left - 6, y(most) + 8, `${number(most)} ${unit}`, { anchor: "end", size: 10 }),
    ...sizes.map((size) =>
      text(x(size), height - bottom + 16, size.toLocaleString("en"), { anchor: "middle", size: 10 })
    ),
  ];
  groups.forEach(({ name, rows }, i) => {
    const points = rows.flatMap(({ wall }, k) => wall ? [`${at(x(sizes[k]))},${at(y(wall.median))}`] : []);
    const last = rows.findLast?.(({ wall }) => wall) ?? rows.at(-1);
    const color = PALETTE[i % PALETTE.length];
    parts.push(
      `<polyline points="${points.join(" ")}" fill="none" stroke="${color}" stroke-width="2"/>`,
      `<text x="${WIDTH - right + 8}" y="${top + 16 * i + 12}" font-size="11" fill="${color}">${
        escape(name)
      }: ${last.wall ? number(last.wall.median) : "–"} ${unit}</text>`,
    );
  });
  return svg(height, parts);
}
