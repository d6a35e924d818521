// What a model that reads step by step has seen after each step: the sample with the rest left blank.

const MOST_PREFIXES = 64;

function kindOf({ input }) {
  if (input.layout === "image") {
    if (![1, 3, 4].includes(input.shape[2])) return { problem: `images of ${input.shape[2]} channels` };
    if (!input.pixel_range) return { problem: "values whose black and white are not known" };
    return { kind: "picture" };
  }
  if (input.layout === "sequence" && input.reading?.kind === "audio") return { kind: "sound" };
  if (input.layout === "sequence" && input.dtype === "float32") return { kind: "series" };
  return { problem: `${input.layout} samples ${input.shape.join(" × ")}` };
}

function blankOf({ input }) {
  if (input.padded) return NaN;
  if (input.layout === "image") return input.pixel_range[input.polarity === "dark on light" ? 1 : 0];
  return input.reading?.kind === "audio" ? 0 : null;
}

// For each value of the sample: in which step it is read. `step` is the name of one.
function stepsOf({ input, conversion }) {
  const [rows, columns] = input.shape;
  const each = input.shape.slice(1).reduce((a, b) => a * b, 1);
  const size = rows * each;
  if (!conversion) return null;
  if (conversion.target === "sequence" && input.layout !== "frames")
    return { step: "row", count: rows, of: Int32Array.from({ length: size }, (_, i) => Math.floor(i / each)) };
  if (conversion.target !== "frames" || conversion.how === "whole") return null;
  if (conversion.how === "strips") {
    const tall = Math.ceil(rows / conversion.shape[0]);
    const of = Int32Array.from({ length: size }, (_, i) => Math.floor(Math.floor(i / each) / tall));
    return { step: "frame", count: conversion.shape[0], of };
  }
  const channels = each / columns;
  const of = Int32Array.from({ length: size }, (_, i) => {
    const [y, x] = [Math.floor(i / each), Math.floor((i % each) / channels)];
    return 2 * (y % 2) + (x % 2);
  });
  return { step: "frame", count: 4, of };
}

/** How a model's answer develops: `{step, every, count}`; null where it reads everything at once. */
function developmentOf(model) {
  const steps = stepsOf(model);
  const blank = blankOf(model);
  if (!steps || steps.count < 2 || blank === null) return null;
  const step = model.input.layout === "image" ? steps.step : steps.step === "row" ? "step" : "frame";
  const every = Math.ceil(steps.count / MOST_PREFIXES);
  const ends = [];
  for (let end = every; end < steps.count; end += every) ends.push(end);
  return { step, ends: [...ends, steps.count], of: steps.of, blank };
}

/** The samples that the model is given, one after another in one array. */
function prefixes(values, { ends, of, blank }) {
  const size = values.length;
  const made = new values.constructor(ends.length * size).fill(blank);
  ends.forEach((end, place) => {
    for (let i = 0; i < size; i++) if (of[i] < end) made[place * size + i] = values[i];
  });
  return made;
}
