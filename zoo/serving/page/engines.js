// Who answers: the server that sent this page, or ONNX Runtime within it. Both have
// answer(model, values, count): values of `count` samples; {logits, probabilities, milliseconds}.

// The bytes of a NumPy file.
function npy(values, shape) {
  const type = values instanceof Uint8Array ? "|u1" : "<f4";
  const said = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const header = said.padEnd(Math.ceil((said.length + 11) / 64) * 64 - 11) + "\n";
  const head = new Uint8Array([0x93, 78, 85, 77, 80, 89, 1, 0, header.length & 255, header.length >> 8]);
  return new Blob([head, header, values]);
}

class ServerEngine {
  async ready() {}

  async answer(model, values, count) {
    const response = await fetch(model.predict || `/v1/models/${encodeURIComponent(model.name)}:predict`, {
      method: "POST",
      headers: { "Content-Type": "application/x-npy" },
      body: npy(values, [count, ...model.input.shape]),
    }).catch(() => {
      throw new Error("The server does not answer.");
    });
    const found = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(found.error?.message || `The server said ${response.status}.`);
    return {
      logits: found.predictions.map((each) => each.logits),
      probabilities: found.predictions.map((each) => each.probabilities),
      milliseconds: found.milliseconds,
    };
  }
}

async function embedded(id) {
  const packed = Uint8Array.from(atob(document.getElementById(id).textContent.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

function rowsOf({ data, dims }) {
  return Array.from({ length: dims[0] }, (_, i) => Array.from(data.subarray(i * dims[1], (i + 1) * dims[1])));
}

class EmbeddedEngine {
  constructor() {
    this.sessions = new Map();
    this.last = Promise.resolve();
  }

  async ready() {
    const script = URL.createObjectURL(new Blob([await embedded("runtime-script")], { type: "text/javascript" }));
    this.ort = await import(script);
    this.ort.env.wasm.numThreads = 1;
    this.ort.env.wasm.wasmBinary = await embedded("runtime-wasm");
    this.ort.env.logLevel = "error";
  }

  async session(model) {
    if (!this.sessions.has(model.name)) {
      const file = new Uint8Array(await embedded(model.embedded));
      this.sessions.set(model.name, await this.ort.InferenceSession.create(file, { executionProviders: ["wasm"] }));
    }
    return this.sessions.get(model.name);
  }

  // One call after another: the runtime has one thread.
  answer(model, values, count) {
    const next = this.last.then(() => this.run(model, values, count));
    this.last = next.catch(() => {});
    return next;
  }

  async run(model, values, count) {
    const session = await this.session(model);
    const samples = new this.ort.Tensor(model.input.dtype, values, [count, ...model.input.shape]);
    await new Promise((resolve) => setTimeout(resolve)); // let the pen move in between
    const began = performance.now();
    const { logits, probabilities } = await session.run({ samples });
    const milliseconds = performance.now() - began;
    return { logits: rowsOf(logits), probabilities: rowsOf(probabilities), milliseconds };
  }
}

function engineCalled(name) {
  return name === "embedded" ? new EmbeddedEngine() : new ServerEngine();
}

/** For the proof of an exported page: answers to samples given as base64, and the times of single calls. */
async function prove(name, content, count, singles) {
  const model = models.find((each) => each.name === name);
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
  const values = model.input.dtype === "uint8" ? bytes : new Float32Array(bytes.buffer);
  const { logits } = await engine.answer(model, values, count);
  const one = values.slice(0, values.length / count);
  const milliseconds = [];
  for (let i = 0; i < singles; i++) milliseconds.push((await engine.answer(model, one, 1)).milliseconds);
  return { logits, milliseconds };
}
