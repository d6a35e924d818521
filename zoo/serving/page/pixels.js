// From pixels of any size to a model's sample: the same steps, with the same numbers, as
// zoo/pictures.py and zoo/datasets/pixels.py. Planes are {values: Float64Array, height, width}.

const INK = 0.2;         // share of the contrast above which a pixel is part of the drawing
const DIGIT_BOX = 20 / 28; // MNIST fits a digit into 20 of 28 pixels (LeCun et al. 1998)
const PAPER = 0.1;       // a background this near to black is taken as black

function plane(height, width, fill = 0) {
  return { values: new Float64Array(height * width).fill(fill), height, width };
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

// Weights of a Lanczos filter of three lobes, widened where the picture becomes smaller (as Pillow's).
function lanczosWeights(given, wanted) {
  const scale = given / wanted;
  const widened = Math.max(scale, 1);
  const support = 3 * widened;
  return Array.from({ length: wanted }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support + 0.5));
    const last = Math.min(given, Math.floor(centre + support + 0.5));
    const weights = [];
    for (let x = first; x < last; x++) {
      const at = (x - centre + 0.5) / widened;
      weights.push(Math.abs(at) < 3 ? sinc(at) * sinc(at / 3) : 0);
    }
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((w) => w / sum) };
  });
}

function resizedColumns({ values, height, width }, wanted) {
  const made = plane(height, wanted);
  lanczosWeights(width, wanted).forEach(({ first, weights }, x) => {
    for (let y = 0; y < height; y++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * values[y * width + first + i];
      made.values[y * wanted + x] = sum;
    }
  });
  return made;
}

function transposed({ values, height, width }) {
  const made = plane(width, height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) made.values[x * height + y] = values[y * width + x];
  return made;
}

function clipped(given) {
  return { ...given, values: given.values.map((v) => Math.min(255, Math.max(0, v))) };
}

function lanczos(given, height, width) {
  let made = width === given.width ? given : resizedColumns(given, width);
  if (height !== given.height) made = transposed(resizedColumns(transposed(made), height));
  return clipped(made);
}

function border({ values, height, width }) {
  const at = [];
  for (let x = 0; x < width; x++) at.push(values[x], values[(height - 1) * width + x]);
  for (let y = 0; y < height; y++) at.push(values[y * width], values[y * width + width - 1]);
  return at;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function pasted(small, made, top, left) {
  for (let y = 0; y < small.height; y++)
    for (let x = 0; x < small.width; x++)
      made.values[(top + y) * made.width + left + x] = small.values[y * small.width + x];
  return made;
}

// Python's round: a half goes to the even neighbour.
function rounded(value) {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 ? low + 1 : low;
}

function fitted(given, height, width) {
  const scale = Math.min(height / given.height, width / given.width);
  const size = [given.height, given.width].map((length) => Math.max(1, rounded(length * scale)));
  if (size[0] === height && size[1] === width) return lanczos(given, height, width);
  const made = plane(height, width, median(border(given)));
  const [top, left] = [(height - size[0]) >> 1, (width - size[1]) >> 1];
  return pasted(lanczos(given, ...size), made, top, left);
}

function cropped(given, height, width) {
  const scale = Math.max(height / given.height, width / given.width);
  const tall = Math.max(height, rounded(given.height * scale));
  const wide = Math.max(width, rounded(given.width * scale));
  const whole = lanczos(given, tall, wide);
  const [top, left] = [(tall - height) >> 1, (wide - width) >> 1];
  const made = plane(height, width);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      made.values[y * width + x] = whole.values[(top + y) * wide + left + x];
  return made;
}

const RESIZERS = { fitted, cropped, stretched: lanczos };

function resized(given, height, width, how) {
  const small = reduced(given, height, width);
  if (small.height === height && small.width === width) return small;
  return (RESIZERS[how] || fitted)(small, height, width);
}

// A picture of four times the size or more, by the mean of its pixels, to no less than twice the size.
function reduced(given, height, width) {
  const factor = Math.min(Math.floor(given.height / (2 * height)), Math.floor(given.width / (2 * width)));
  if (factor < 2) return given;
  const made = plane(Math.ceil(given.height / factor), Math.ceil(given.width / factor));
  for (let y = 0; y < made.height; y++)
    for (let x = 0; x < made.width; x++) {
      const [bottom, right] = [Math.min(given.height, (y + 1) * factor), Math.min(given.width, (x + 1) * factor)];
      let sum = 0;
      for (let i = y * factor; i < bottom; i++)
        for (let j = x * factor; j < right; j++) sum += given.values[i * given.width + j];
      made.values[y * made.width + x] = Math.round(sum / ((bottom - y * factor) * (right - x * factor)));
    }
  return made;
}

// 0 for the background (the median of the border), 255 for what is drawn.
function lightOnDark(given) {
  const paper = median(border(given));
  let [low, high] = [0, 0];
  for (const value of given.values) {
    low = Math.min(low, value - paper);
    high = Math.max(high, value - paper);
  }
  const [sign, most] = high >= -low ? [1, high] : [-1, -low];
  const scale = most > 0 ? 255 / most : 0;
  return { ...given, values: given.values.map((v) => Math.max(0, sign * (v - paper)) * scale) };
}

function bounds({ values, height, width }, least) {
  let [top, bottom, left, right] = [height, -1, width, -1];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (!(values[y * width + x] > least)) continue;
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      [left, right] = [Math.min(left, x), Math.max(right, x)];
    }
  return bottom < 0 ? null : { top, left, height: bottom - top + 1, width: right - left + 1 };
}

function cut(given, { top, left, height, width }) {
  const made = plane(height, width);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      made.values[y * width + x] = given.values[(top + y) * given.width + left + x];
  return made;
}

// MNIST's: the drawing fitted into the box, its centre of mass in the middle.
function centred(given, height, width) {
  const found = bounds(given, INK * 255);
  if (!found) return plane(height, width);
  const scale = (DIGIT_BOX * Math.min(height, width)) / Math.max(found.height, found.width);
  const size = [found.height, found.width].map((length) => Math.max(1, rounded(length * scale)));
  const small = lanczos(cut(given, found), ...size);
  let [sum, down, across] = [0, 0, 0];
  small.values.forEach((value, i) => {
    sum += value;
    down += value * Math.floor(i / small.width);
    across += value * (i % small.width);
  });
  const start = (room, length, mass) =>
    Math.min(room - length, Math.max(0, rounded((room - 1) / 2 - mass)));
  const top = start(height, small.height, down / sum);
  const left = start(width, small.width, across / sum);
  return pasted(small, plane(height, width), top, left);
}

// Red, green and blue as Pillow makes grey of them.
function grey(red, green, blue) {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

function planesOf({ data, height, width }, channels) {
  const planes = Array.from({ length: channels }, () => plane(height, width));
  for (let i = 0; i < height * width; i++) {
    const pixel = data.subarray(4 * i, 4 * i + 4);
    if (channels === 1) planes[0].values[i] = grey(...pixel);
    else planes.forEach((each, channel) => (each.values[i] = pixel[channel]));
  }
  return planes;
}

function drawnSample(given, [height, width], isCentred) {
  const background = median(border(given));
  const same = given.height === height && given.width === width;
  if (same && background <= PAPER * 255) return given;
  const light = lightOnDark(given);
  if (same) return light;
  return isCentred ? centred(light, height, width) : fitted(light, height, width);
}

/** A picture as a model's sample: `{values, planes}`; `values` are as the training's were stored.
 *
 * @param image as from getImageData: RGBA.
 * @param input what the model takes, as /v1/models describes it.
 * @param inverted whether to swap black and white.
 */
function pictureSample(image, input, inverted = false) {
  const [height, width, channels] = input.shape;
  let planes = planesOf(image, channels);
  const drawn = (input.drawn ?? input.centred) && channels === 1 && !inverted;
  planes = planes.map((each) =>
    drawn ? drawnSample(each, input.shape, input.centred) : resized(each, height, width, input.other_sizes),
  );
  if (inverted) planes = planes.map((p) => ({ ...p, values: p.values.map((v) => 255 - v) }));
  return { planes, values: interleaved(planes, input) };
}

function interleaved(planes, input) {
  const count = planes.length;
  const [low, high] = input.pixel_range;
  const values = new (input.dtype === "uint8" ? Uint8Array : Float32Array)(
    count * planes[0].values.length,
  );
  planes.forEach((each, channel) =>
    each.values.forEach((value, i) => {
      const pixel = Math.min(255, Math.max(0, value));
      values[i * count + channel] =
        input.dtype === "uint8" ? rounded(pixel) : low + (pixel / 255) * (high - low);
    }),
  );
  return values;
}
