// Two tones every three seconds while an alarm of critical or more waits. Off until switched on:
// browsers play nothing before a click, and an operator must know that it is on.

import { isUnacknowledged } from './alarms.js';

const PERIOD_MS = 3000;
const LOUD = ['critical', 'severe'];

export class Sound {
  #context = null;

  constructor(live) {
    setInterval(() => {
      const waits = live.topic('alarms').some((a) => isUnacknowledged(a) && LOUD.includes(a.severity));
      if (this.on && waits) this.#beep();
    }, PERIOD_MS);
  }

  get on() {
    return this.#context !== null;
  }

  toggle() {
    if (this.on) {
      this.#context.close();
      this.#context = null;
    } else {
      this.#context = new AudioContext();
      this.#beep(); // so that it is heard to work
    }
  }

  #beep() {
    [880, 660].forEach((frequency, i) => {
      const from = this.#context.currentTime + 0.25 * i;
      const tone = new OscillatorNode(this.#context, { frequency });
      const level = new GainNode(this.#context, { gain: 0.15 });
      tone.connect(level).connect(this.#context.destination);
      tone.start(from);
      tone.stop(from + 0.2);
    });
  }
}
