// The pad: strokes by mouse, finger, pen or keys. Points are from 0 to 1 of its side.

const PAD = 280;    // pixels of a side, as it is read
const PEN = 0.075;  // width of the line, of the side
const LINE = 0.115; // width of the line as it is read, of the drawing's larger side
const KEY_STEP = 1 / 28;

class Pad {
  constructor(canvas, changed) {
    Object.assign(this, { canvas, changed, strokes: [], cursor: [0.5, 0.3], penDown: false });
    canvas.width = canvas.height = 2 * PAD;
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"])
      canvas.addEventListener(name, (event) => this.end(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
    for (const name of ["focus", "blur"]) canvas.addEventListener(name, () => this.show());
  }

  get empty() {
    return this.strokes.length === 0;
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  begin(event) {
    if (event.button > 0) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    this.penDown = false;
    this.strokes.push([this.place(event)]);
    this.update();
  }

  move(event) {
    if (event.pointerId !== this.pointer) return;
    const events = event.getCoalescedEvents?.() || [];
    for (const each of events.length ? events : [event]) this.strokes.at(-1).push(this.place(each));
    this.update();
  }

  end(event) {
    if (event.pointerId === this.pointer) this.pointer = null;
  }

  key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (move) this.step(move, event.shiftKey ? 4 : 1);
    else if (event.key === " " || event.key === "Enter") this.setPen(!this.penDown);
    else if (event.key === "Escape") this.setPen(false);
    else if (event.key === "Delete") this.clear();
    else if (event.key === "Backspace" || ((event.ctrlKey || event.metaKey) && event.key === "z")) this.undo();
    else return;
    event.preventDefault();
  }

  step([right, down], times) {
    const inside = (value) => Math.min(1, Math.max(0, value));
    const [x, y] = this.cursor;
    this.cursor = [inside(x + right * times * KEY_STEP), inside(y + down * times * KEY_STEP)];
    if (this.penDown) this.strokes.at(-1).push(this.cursor);
    this.update(this.penDown);
  }

  setPen(down) {
    this.penDown = down;
    if (down) this.strokes.push([this.cursor]);
    this.update(down);
  }

  undo() {
    this.penDown = false;
    this.strokes.pop();
    this.update();
  }

  clear() {
    this.penDown = false;
    this.strokes = [];
    this.update();
  }

  update(drawn = true) {
    this.show();
    if (drawn) this.changed();
  }

  show() {
    const colours = getComputedStyle(this.canvas);
    const context = this.canvas.getContext("2d");
    const side = this.canvas.width;
    context.clearRect(0, 0, side, side);
    stroke(context, this.strokes, side, PEN * side, colours.color);
    if (document.activeElement !== this.canvas || this.pointer != null) return;
    const [x, y] = this.cursor;
    context.beginPath();
    context.arc(x * side, y * side, PEN * side * 0.6, 0, 7);
    context.lineWidth = 4;
    context.strokeStyle = colours.outlineColor;
    context.stroke();
    if (this.penDown) context.fill();
  }

  /** What is drawn, white on black, as from getImageData. */
  image() {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = PAD;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.fillRect(0, 0, PAD, PAD);
    const [xs, ys] = [0, 1].map((axis) => this.strokes.flat().map((point) => point[axis]));
    const extent = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
    // The line becomes as thick as MNIST's, however small the drawing; a dot stays a dot.
    stroke(context, this.strokes, PAD, Math.max(0.02, Math.min(PEN * 1.4, LINE * extent)) * PAD, "white");
    return context.getImageData(0, 0, PAD, PAD);
  }
}

function stroke(context, strokes, side, width, colour) {
  Object.assign(context, { lineWidth: width, lineCap: "round", lineJoin: "round", strokeStyle: colour });
  for (const points of strokes) {
    const at = points.map(([x, y]) => [x * side, y * side]);
    context.beginPath();
    context.moveTo(...at[0]);
    for (let i = 1; i < at.length; i++) {
      const middle = [0, 1].map((axis) => (at[i - 1][axis] + at[i][axis]) / 2);
      context.quadraticCurveTo(...at[i - 1], ...middle);
    }
    context.lineTo(...at.at(-1));
    context.stroke();
  }
}

const LARGEST_SIDE = 2048;

/** A picture file as from getImageData; larger ones are made smaller first. */
async function readPicture(blob) {
  if (blob.size > MOST_BYTES) throw new Error("The file is larger than 50 MB.");
  const bitmap = await createImageBitmap(blob).catch(() => {
    throw new Error("This is no picture that the browser reads. Choose a PNG or JPEG file.");
  });
  const scale = Math.min(1, LARGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return onPaper(context.getImageData(0, 0, canvas.width, canvas.height));
}

// A transparent picture: light drawings on black, dark ones on white.
function onPaper(image) {
  const { data } = image;
  let [light, weight] = [0, 0];
  for (let i = 0; i < data.length; i += 4) {
    light += data[i + 3] * grey(data[i], data[i + 1], data[i + 2]);
    weight += data[i + 3];
  }
  const paper = weight && light / weight > 127.5 ? 0 : 255;
  for (let i = 0; i < data.length; i += 4) {
    const share = data[i + 3] / 255;
    for (let c = 0; c < 3; c++) data[i + c] = Math.round(data[i + c] * share + paper * (1 - share));
    data[i + 3] = 255;
  }
  return image;
}
