// The page: groups of models with one kind of input, and what is shown of it.

const models = JSON.parse(document.getElementById("models").textContent);
const engine = engineCalled(document.documentElement.dataset.engine);
const cards = models.map((model) => new Card(model));
const groups = new Map();
const group = (kind) => groups.get(kind);

/** Models that read one kind of input; each of its forms is made once. */
class Group {
  constructor(kind, root) {
    this.root = root;
    this.cards = cards.filter((card) => kindOf(card.model).kind === kind);
    this.askers = this.cards.map((card) => new Asker(card, engine, () => this.agree()));
    this.agreement = root.querySelector(".agreement");
    this.spoken = root.querySelector(".spoken");
    this.problem = root.querySelector(".trouble");
    this.seen = root.querySelector(".seen");
    this.root.querySelector(".cards").append(...this.cards.map((card) => card.root));
    groups.set(kind, this);
    this.forms = new Map();
    for (const card of this.cards) {
      const form = JSON.stringify(card.model.input);
      this.forms.set(form, [...(this.forms.get(form) || []), card]);
    }
  }

  /** Ask all models; `make(input)` gives `{values, show(canvas)}` of one form of input. */
  ask(make) {
    this.tell("");
    const shown = [];
    for (const [form, members] of this.forms) {
      const input = JSON.parse(form);
      let made;
      try {
        made = make(input);
      } catch (error) {
        this.tell(error.message);
        this.forget(members);
        continue;
      }
      shown.push(this.figure(made, input, members));
      for (const asker of this.askers) if (members.includes(asker.card)) asker.ask(made.values);
    }
    this.seen.replaceChildren(...shown);
  }

  figure({ show }, { shape }, members) {
    const canvas = element("canvas", { role: "img", "aria-label": "The input as the models see it" });
    show(canvas);
    const who = this.forms.size > 1 ? ` (${members.map((card) => card.model.name).join(", ")})` : "";
    return element("figure", {}, canvas, element("figcaption", {}, `As the models see it${who}: ${shape.join(" × ")}`));
  }

  forget(members = this.cards) {
    for (const asker of this.askers) if (members.includes(asker.card)) asker.forget();
    if (members === this.cards) this.seen.replaceChildren();
    this.agree();
  }

  tell(problem) {
    this.problem.textContent = problem;
    this.problem.hidden = !problem;
  }

  // Models with one list of classes are compared with each other.
  agree() {
    const lists = Map.groupBy(this.cards, (card) => JSON.stringify(card.model.classes));
    const said = [...lists.values()].map((members) => verdict(members, lists.size > 1)).filter(Boolean);
    this.agreement.textContent = said.join(" ") || this.agreement.dataset.empty;
    clearTimeout(this.soon); // a screen reader hears the answer once the pen rests
    this.soon = setTimeout(() => (this.spoken.textContent = said.join(" ")), 700);
  }
}

function verdict(members, named) {
  const answers = members.filter((card) => card.said != null);
  const counts = new Map();
  for (const { said } of answers) counts.set(said, (counts.get(said) || 0) + 1);
  const [most, second] = [...counts].sort((a, b) => b[1] - a[1]);
  const undecided = second && second[1] === most[1];
  for (const card of answers)
    card.root.classList.toggle("differs", Boolean(second) && (undecided || card.said !== most[0]));
  if (!most) return "";
  const text = inWords(counts, most, answers.length, undecided);
  return named ? `${members[0].model.dataset}: ${text}` : text;
}

function inWords(counts, [name, count], all, undecided) {
  if (all === 1) return `The answer is ${name}.`;
  if (count === all) return `All ${all} models say ${name}.`;
  if (!undecided) return `${count} of ${all} models say ${name}.`;
  return `The models disagree: ${[...counts].map(([each, times]) => `${each} (${times})`).join(", ")}.`;
}

function paint(canvas, width, height, colour) {
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) image.data.set([...colour(x, y), 255], 4 * (y * width + x));
  context.putImageData(image, 0, 0);
}

function paintSample(canvas, planes) {
  const [height, width] = [planes[0].height, planes[0].width];
  const value = (channel, i) => planes[channel].values[i];
  paint(canvas, width, height, (x, y) =>
    [0, 1, 2].map((c) => value(planes.length < 3 ? 0 : c, y * width + x)),
  );
}

function onFiles(root, input, button, take) {
  const first = (list) => list?.length && take(list[0]);
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    first(input.files);
    input.value = "";
  });
  root.addEventListener("dragover", (event) => {
    event.preventDefault();
    root.classList.add("over");
  });
  root.addEventListener("dragleave", () => root.classList.remove("over"));
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    root.classList.remove("over");
    first(event.dataTransfer.files);
  });
}

function startPictures(root) {
  const all = new Group("picture", root);
  const find = (name) => root.querySelector(name);
  let [picture, frame] = [null, 0];
  const invert = find(".invert input");
  const show = () => {
    frame = 0;
    find(".invert").hidden = !picture;
    if (!picture && pad.empty) return all.forget();
    const image = picture || pad.image();
    all.ask((input) => {
      const { planes, values } = pictureSample(image, readAs(input, Boolean(picture)), Boolean(picture) && invert.checked);
      return { values, show: (canvas) => paintSample(canvas, planes) };
    });
  };
  const later = () => (frame ||= requestAnimationFrame(show));
  const pad = new Pad(find("canvas.pad"), () => {
    picture = null;
    later();
  });
  const take = async (blob) => {
    try {
      picture = await readPicture(blob);
      pad.strokes = [];
      shown(pad, picture);
      show();
    } catch (error) {
      all.tell(error.message);
    }
  };
  find(".clear").addEventListener("click", () => pad.clear());
  find(".undo").addEventListener("click", () => pad.undo());
  invert.addEventListener("change", show);
  onFiles(root, find("input[type=file]"), find(".choose"), take);
  document.addEventListener("paste", (event) => {
    const image = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
    if (image) take(image);
  });
  onTheme.push(() => pad.show());
  pad.show();
  all.agree();
}

// A drawing is cut out and centred, as MNIST's digits were, whatever is done to pictures.
function readAs(input, isPicture) {
  if (isPicture || input.polarity === "dark on light" || input.shape[2] > 1) return input;
  return { ...input, drawn: true, centred: true };
}

function shown(pad, image) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: image.width, height: image.height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  pad.show();
  const side = pad.canvas.width;
  const scale = side / Math.max(image.width, image.height);
  const [wide, tall] = [image.width * scale, image.height * scale];
  pad.canvas.getContext("2d").drawImage(canvas, (side - wide) / 2, (side - tall) / 2, wide, tall);
}

function startSounds(root) {
  const all = new Group("sound", root);
  const button = root.querySelector(".record");
  const listen = ({ heard, rate }) =>
    all.ask((input) => {
      const [steps, bands] = input.shape;
      const values = spectrogram(atRate(heard, rate, input.reading.rate), input.reading.rate, steps);
      const colour = (x, y) => Array(3).fill(values[x * bands + bands - 1 - y]);
      return { values, show: (canvas) => paint(canvas, steps, bands, colour) };
    });
  const attempt = async (work) => {
    try {
      listen(await work());
    } catch (error) {
      all.tell(error.message);
    }
  };
  onFiles(root, root.querySelector("input[type=file]"), root.querySelector(".choose"), (blob) =>
    attempt(() => readSound(blob)),
  );
  const able = navigator.mediaDevices?.getUserMedia && window.MediaRecorder;
  button.hidden = !able;
  root.querySelector(".deaf").hidden = Boolean(able);
  let recording = null;
  button.addEventListener("click", () => {
    if (recording) return recording.stop();
    attempt(async () => {
      try {
        recording = await record();
        button.textContent = "Stop";
        return trimmed(await recording.sound);
      } finally {
        recording = null;
        button.textContent = "Record";
      }
    });
  });
  all.agree();
}

function startSeries(root) {
  const all = new Group("series", root);
  const field = root.querySelector("textarea");
  const show = () => {
    if (!field.value.trim()) return all.forget();
    all.ask((input) => {
      const values = seriesOf(field.value, input);
      return { values, show: (canvas) => paintSeries(canvas, values, input.shape) };
    });
  };
  field.addEventListener("input", show);
  onFiles(root, root.querySelector("input[type=file]"), root.querySelector(".choose"), async (blob) => {
    field.value = (await blob.slice(0, MOST_CHARACTERS + 1).text()).trim();
    show();
  });
  all.agree();
}

function paintSeries(canvas, values, [steps, channels]) {
  Object.assign(canvas, { width: 560, height: 160 });
  canvas.classList.add("wide");
  const context = canvas.getContext("2d");
  const known = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  context.strokeStyle = getComputedStyle(document.body).color;
  context.lineWidth = 2;
  for (let channel = 0; channel < channels; channel++) {
    context.beginPath();
    for (let step = 0; step < steps; step++) {
      const value = values[step * channels + channel];
      if (Number.isNaN(value)) break;
      context.lineTo((560 * step) / Math.max(1, steps - 1), 150 - (140 * (value - low)) / (high - low || 1));
    }
    context.stroke();
  }
}

const root = document.documentElement;
const onTheme = [];

function startTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = document.getElementById("theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const changed = () => {
    button.textContent = isDark() ? "Light theme" : "Dark theme";
    for (const each of onTheme) each();
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    changed();
  });
  dark.addEventListener("change", changed);
  changed();
}

const STARTS = { picture: startPictures, sound: startSounds, series: startSeries };

async function start() {
  startTheme();
  const status = document.getElementById("status");
  try {
    await engine.ready();
  } catch (error) {
    status.textContent = `The models cannot be run in this browser (${error.message}).`;
    return;
  }
  for (const [kind, begin] of Object.entries(STARTS)) {
    const section = document.getElementById(kind);
    if (section) begin(section);
  }
  const others = document.querySelector("#others .cards");
  if (others) others.append(...cards.filter((card) => kindOf(card.model).problem).map((card) => card.root));
  status.hidden = true;
  root.dataset.ready = "yes";
}

start();
