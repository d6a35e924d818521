// A card for each model: its answer, the probabilities, and how the answer develops.

const MOST_BARS = 12;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function share(value) {
  if (value >= 0.9995) return "> 99.9 %";
  return `${(100 * value).toFixed(value < 0.0995 || value >= 0.985 ? 1 : 0)} %`; // never "100 %"
}

function argmax(numbers) {
  return numbers.reduce((best, value, i) => (value > numbers[best] ? i : best), 0);
}

class Card {
  constructor(model) {
    this.model = model;
    this.answer = element("strong", { class: "answer" }, "–");
    this.surety = element("span", { class: "surety" });
    this.time = element("span", { class: "time" });
    this.bars = element("ol", { class: "bars", "aria-hidden": "true" });
    this.problem = element("p", { class: "problem", hidden: "" });
    const inside = [element("h3", {}, model.name), element("p", { class: "about" }, this.about())];
    const { problem } = kindOf(model);
    this.root = element("article", { class: "card", "data-model": model.name }, ...inside);
    if (problem) {
      this.say(`This page cannot make its input: ${problem}. Send arrays to the server's API.`);
      this.root.append(this.problem);
      return;
    }
    this.root.append(element("p", { class: "line" }, this.answer, this.surety, this.time), this.bars);
    this.development = developmentOf(model);
    if (this.development) this.root.append(this.figure());
    this.root.append(this.problem);
  }

  about() {
    const { architecture, name, dataset, recipe, conversion } = this.model;
    const parts = [architecture !== name && architecture, dataset, recipe, conversion?.text];
    return parts.filter(Boolean).join(" · ");
  }

  figure() {
    const { step, ends } = this.development;
    this.strip = element("canvas", { class: "strip", width: 4 * ends.length, height: 40, role: "img" });
    this.winners = element("div", { class: "winners", "aria-hidden": "true" });
    const said = `Its answer and that answer's probability after each ${step}, the rest left blank.`;
    return element("figure", {}, this.strip, this.winners, element("figcaption", {}, said));
  }

  say(problem) {
    this.problem.textContent = problem || "";
    this.problem.hidden = !problem;
  }

  reset() {
    this.said = null;
    this.answer.textContent = "–";
    for (const each of [this.surety, this.time]) each.textContent = "";
    this.bars.replaceChildren();
    this.root.classList.remove("differs");
    if (this.development) this.develop([]);
    this.say("");
  }

  show(probabilities, milliseconds) {
    const { classes } = this.model;
    const best = argmax(probabilities);
    this.said = classes[best];
    this.answer.textContent = classes[best];
    this.surety.textContent = share(probabilities[best]);
    this.time.textContent = `${milliseconds < 10 ? milliseconds.toFixed(1) : milliseconds.toFixed(0)} ms`;
    const order = classes.map((_, i) => i);
    if (classes.length > MOST_BARS) order.sort((a, b) => probabilities[b] - probabilities[a]).splice(MOST_BARS);
    this.bars.replaceChildren(...order.map((i) => this.bar(i, probabilities[i], i === best)));
    this.say("");
  }

  bar(index, probability, best) {
    const fill = element("i", {});
    fill.style.width = `${100 * probability}%`;
    const name = element("b", {}, this.model.classes[index]);
    return element("li", best ? { class: "best" } : {}, name, element("span", {}, fill));
  }

  // Heights are the probability of the answer then; the final answer in colour, others in grey.
  develop(rows) {
    const context = this.strip.getContext("2d");
    const { width, height } = this.strip;
    context.clearRect(0, 0, width, height);
    this.winners.replaceChildren();
    if (!rows.length) return;
    const colours = getComputedStyle(this.strip);
    const bests = rows.map(argmax);
    const final = bests.at(-1);
    const wide = width / rows.length;
    rows.forEach((row, i) => {
      context.fillStyle = bests[i] === final ? colours.color : colours.borderTopColor;
      const tall = height * row[bests[i]];
      context.fillRect(i * wide, height - tall, Math.max(1, wide - 1), tall);
    });
    this.winners.replaceChildren(...this.segments(bests));
    const { step, ends } = this.development;
    let since = bests.length - 1;
    while (since > 0 && bests[since - 1] === final) since--;
    this.strip.setAttribute("aria-label", `${this.model.classes[final]} from ${step} ${ends[since]} of ${ends.at(-1)} on`);
  }

  segments(bests) {
    const made = [];
    bests.forEach((best, i) => {
      if (i && best === bests[i - 1]) made.at(-1).style.flexGrow = Number(made.at(-1).style.flexGrow) + 1;
      else {
        const name = this.model.classes[best];
        made.push(element("span", best === bests.at(-1) ? { class: "final" } : {}, name.length > 3 ? "" : name));
        made.at(-1).style.flexGrow = 1;
      }
    });
    return made;
  }
}

/** Asks one model; while it answers, only the newest sample waits. */
class Asker {
  constructor(card, engine, answered) {
    Object.assign(this, { card, engine, answered, waiting: null, busy: false, asked: 0 });
  }

  ask(values) {
    this.asked += 1;
    this.waiting = values;
    if (!this.busy) this.work();
  }

  forget() {
    this.asked += 1;
    this.waiting = null;
    this.card.reset();
  }

  async work() {
    this.busy = true;
    while (this.waiting) {
      const [values, number] = [this.waiting, this.asked];
      this.waiting = null;
      try {
        await this.one(values, number);
      } catch (error) {
        if (number === this.asked) this.card.reset();
        if (number === this.asked) this.card.say(error.message);
        this.answered();
      }
    }
    this.busy = false;
  }

  async one(values, number) {
    const { model, development } = this.card;
    const { probabilities, milliseconds } = await this.engine.answer(model, values, 1);
    if (number !== this.asked) return;
    this.card.show(probabilities[0], milliseconds);
    this.answered();
    if (!development) return;
    const found = await this.engine.answer(model, prefixes(values, development), development.ends.length);
    if (number === this.asked) this.card.develop(found.probabilities);
  }
}
