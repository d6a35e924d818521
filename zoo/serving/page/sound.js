// Sounds: WAV files, whatever else the browser decodes, and the microphone.

const LONGEST = 3; // seconds that are recorded at most
const MOST_BYTES = 50e6;

// One value of a WAV file, from -1 to 1.
const WAV_VALUES = {
  "1:8": (view, at) => (view.getUint8(at) - 128) / 128,
  "1:16": (view, at) => view.getInt16(at, true) / 32768,
  "1:24": (view, at) => ((view.getUint16(at, true) | (view.getInt8(at + 2) << 16)) / 8388608),
  "1:32": (view, at) => view.getInt32(at, true) / 2147483648,
  "3:32": (view, at) => view.getFloat32(at, true),
};

function text(view, at) {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}

function wavForm(view) {
  const form = {};
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const [name, size] = [text(view, at), view.getUint32(at + 4, true)];
    if (name === "fmt ") {
      Object.assign(form, {
        code: view.getUint16(at + 8, true),
        channels: view.getUint16(at + 10, true),
        rate: view.getUint32(at + 12, true),
        bits: view.getUint16(at + 22, true),
      });
      if (form.code === 0xfffe) form.code = view.getUint16(at + 32, true);
    }
    if (name === "data") return { ...form, start: at + 8, size: Math.min(size, view.byteLength - at - 8) };
    at += 8 + size + (size % 2);
  }
  return null;
}

/** A WAV file's `{heard, rate}`, channels averaged; null if it is none that is read here. */
function readWav(buffer) {
  const view = new DataView(buffer);
  if (view.byteLength < 44 || text(view, 0) !== "RIFF" || text(view, 8) !== "WAVE") return null;
  const form = wavForm(view);
  const value = form && WAV_VALUES[`${form.code}:${form.bits}`];
  if (!value || !form.channels || !form.rate) return null;
  const bytes = form.bits / 8;
  const count = Math.floor(form.size / (bytes * form.channels));
  const heard = Float64Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (let channel = 0; channel < form.channels; channel++)
      sum += value(view, form.start + (i * form.channels + channel) * bytes);
    return sum / form.channels;
  });
  return { heard, rate: form.rate };
}

async function decoded(buffer) {
  const context = new OfflineAudioContext(1, 1, 48000);
  const audio = await context.decodeAudioData(buffer);
  const heard = new Float64Array(audio.length);
  for (let channel = 0; channel < audio.numberOfChannels; channel++)
    audio.getChannelData(channel).forEach((v, i) => (heard[i] += v / audio.numberOfChannels));
  return { heard, rate: audio.sampleRate };
}

async function readSound(blob) {
  if (blob.size > MOST_BYTES) throw new Error("The file is larger than 50 MB.");
  const buffer = await blob.arrayBuffer();
  try {
    return readWav(buffer) || (await decoded(buffer));
  } catch {
    throw new Error("This is no sound that the browser reads. Choose a WAV file.");
  }
}

/** Without the quiet before and after what was said: training's recordings begin with the voice. */
function trimmed({ heard, rate }) {
  const block = Math.round(rate / 100);
  const levels = [];
  for (let at = 0; at + block <= heard.length; at += block)
    levels.push(Math.max(...heard.subarray(at, at + block).map(Math.abs)));
  const least = 0.1 * Math.max(...levels, 0);
  const first = levels.findIndex((level) => level > least);
  if (first < 0) return { heard, rate };
  const last = levels.findLastIndex((level) => level > least);
  const from = Math.max(0, first - 2) * block;
  return { heard: heard.subarray(from, (last + 6) * block), rate };
}

const MICROPHONE = { audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } };

/** Record until `stop()` or for LONGEST seconds; `sound` is a promise of the recording. */
async function record() {
  const stream = await navigator.mediaDevices.getUserMedia(MICROPHONE);
  const recorder = new MediaRecorder(stream);
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const sound = new Promise((resolve, reject) => {
    recorder.onstop = () => {
      stream.getTracks().forEach((track) => track.stop());
      readSound(new Blob(parts, { type: recorder.mimeType })).then(resolve, reject);
    };
  });
  recorder.start();
  const stop = () => recorder.state !== "inactive" && recorder.stop();
  setTimeout(stop, 1000 * LONGEST);
  return { stop, sound };
}
