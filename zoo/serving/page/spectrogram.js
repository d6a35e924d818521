// Log-mel spectrograms: the same steps, with the same numbers, as zoo/datasets/spectrogram.py.

const MEL = { window: 0.032, hop: 0.016, bands: 40, lowest: 60, highest: 8000, range: 80 };

function mel(hertz) {
  return 1127 * Math.log1p(hertz / 700);
}

// A Fourier transform in place; the length is a power of two.
function fourier(real, imaginary) {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [real[i], real[j]] = [real[j], real[i]];
  }
  for (let half = 1; half < n; half *= 2) {
    for (let k = 0; k < half; k++) {
      const [c, s] = [Math.cos((Math.PI * k) / half), -Math.sin((Math.PI * k) / half)];
      for (let i = k; i < n; i += 2 * half) {
        const j = i + half;
        const re = real[j] * c - imaginary[j] * s;
        const im = real[j] * s + imaginary[j] * c;
        [real[j], imaginary[j]] = [real[i] - re, imaginary[i] - im];
        [real[i], imaginary[i]] = [real[i] + re, imaginary[i] + im];
      }
    }
  }
}

// Each band's weights of the frequencies: triangles, equally wide on the mel scale.
function melBands(rate, transform) {
  const [low, high] = [mel(MEL.lowest), mel(Math.min(MEL.highest, rate / 2))];
  const width = (high - low) / (MEL.bands + 1);
  return Array.from({ length: MEL.bands }, (_, band) => {
    const weights = [];
    for (let i = 0; i <= transform / 2; i++) {
      const distance = Math.abs(mel((i * rate) / transform) - (low + width * (band + 1))) / width;
      if (distance < 1) weights.push([i, 1 - distance]);
    }
    return weights;
  });
}

function powers(heard, rate, steps) {
  const window = Math.max(1, rounded(MEL.window * rate));
  const hop = Math.max(1, rounded(MEL.hop * rate));
  const transform = 2 ** Math.ceil(Math.log2(2 * window));
  const before = (window - hop) >> 1;
  const bands = melBands(rate, transform);
  const made = new Float64Array(steps * MEL.bands);
  for (let step = 0; step < steps; step++) {
    const [real, imaginary] = [new Float64Array(transform), new Float64Array(transform)];
    for (let i = 0; i < window; i++) {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / window);
      real[i] = hann * (heard[step * hop + i - before] || 0); // silence beyond the ends
    }
    fourier(real, imaginary);
    bands.forEach((weights, band) => {
      let sum = 0;
      for (const [i, weight] of weights) sum += weight * (real[i] ** 2 + imaginary[i] ** 2);
      made[step * MEL.bands + band] = sum;
    });
  }
  return made;
}

/** The spectrogram `(steps, 40)` of samples in -1 to 1, as bytes. */
function spectrogram(heard, rate, steps) {
  const found = powers(heard, rate, steps);
  const loudest = found.reduce((a, b) => Math.max(a, b), 0);
  if (loudest <= 0) return new Uint8Array(found.length);
  const floor = 10 ** (-MEL.range / 10);
  return Uint8Array.from(found, (power) => {
    const level = 10 * Math.log10(Math.max(power / loudest, floor));
    return rounded(255 * (1 + level / MEL.range));
  });
}

/** Samples of another rate: a windowed sinc of 32 zero crossings on each side. */
function atRate(heard, given, wanted) {
  if (given === wanted) return heard;
  const ratio = wanted / given;
  const cutoff = Math.min(1, ratio);
  const reach = 32 / cutoff;
  return Float64Array.from({ length: Math.floor(heard.length * ratio) }, (_, place) => {
    const centre = place / ratio;
    let sum = 0;
    const last = Math.min(heard.length - 1, Math.floor(centre + reach));
    for (let i = Math.max(0, Math.ceil(centre - reach)); i <= last; i++) {
      const at = i - centre;
      const taper = 0.5 + 0.5 * Math.cos((Math.PI * at) / reach);
      sum += heard[i] * cutoff * sinc(at * cutoff) * taper;
    }
    return sum;
  });
}
