// Onboard time for displays: the newest correlated time of any unit, carried on by this computer's
// clock. Once a second: Open MCT's own 100 ms clock costs a third of a core more.

const PERIOD_MS = 1000;

export class OnboardClock {
  key = 'onboard';
  name = 'Onboard clock';
  cssClass = 'icon-clock';
  description = 'Onboard time (UTC), once a second';
  #listeners = [];
  #base = null; // newest onboard time and when it came
  #timer = null;

  constructor(live) {
    live.on('data', (message) => {
      if (!message.late && message.utc > this.currentValue()) this.#set(message.utc);
    });
    live.on('units', (units) => {
      const newest = Math.max(...units.map((u) => Date.parse(u.last_onboard) || 0));
      if (this.#base === null && newest > 0) this.#set(newest);
    });
  }

  currentValue() {
    if (this.#base === null) return 0;
    return this.#base.utc + (performance.now() - this.#base.at);
  }

  get known() {
    return this.#base !== null;
  }

  on(event, callback, context) {
    this.#listeners.push({ event, callback, context });
    this.#timer ??= setInterval(() => this.#tick(), PERIOD_MS);
    return this;
  }

  off(event, callback, context) {
    this.#listeners = this.#listeners.filter(
      (l) => !(l.event === event && l.callback === callback && l.context === context),
    );
    if (this.#listeners.length === 0) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
    return this;
  }

  #set(utc) {
    this.#base = { utc, at: performance.now() };
  }

  #tick() {
    const now = this.known ? this.currentValue() : Date.now();
    for (const l of [...this.#listeners]) if (l.event === 'tick') l.callback.call(l.context, now);
  }
}
