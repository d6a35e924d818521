// Time series from pasted numbers or a CSV file: a line for each step, or one line for one channel.

const MOST_CHARACTERS = 5e6;

/** A sample `(T, F)` of text; an Error says what does not fit. */
function seriesOf(text, { shape: [steps, channels], padded }) {
  if (text.length > MOST_CHARACTERS) throw new Error("This is more than 5 million characters.");
  const lines = text.trim().split(/\r?\n/).map((line) => line.trim().split(/[\s,;]+/).filter(Boolean));
  if (lines.length > 1 && lines[0].some((word) => Number.isNaN(Number(word)))) lines.shift(); // names of columns
  const rows = lines.length === 1 && channels === 1 ? lines[0].map((word) => [word]) : lines;
  const wrong = rows.findIndex((row) => row.length !== channels);
  if (wrong >= 0)
    throw new Error(`Line ${wrong + 1} has ${rows[wrong].length} numbers; the model reads ${channels} in each step.`);
  if (padded ? rows.length > steps : rows.length !== steps)
    throw new Error(`There are ${rows.length} steps; the model reads ${padded ? "at most " : ""}${steps}.`);
  const values = new Float32Array(steps * channels).fill(NaN);
  rows.flat().forEach((word, i) => {
    values[i] = Number(word);
    if (!Number.isFinite(values[i])) throw new Error(`${word.slice(0, 40)} is no number.`);
  });
  return values;
}
