// Every command that this page knows: the newest by the live feed, older ones asked for.

import { api } from '../api.js';
import { isUnconfirmed, isUnderWay } from './words.js';

const PAGE = 200;

export class CommandLog {
  #live;
  #known = new Map();
  #limit = PAGE;
  #changed;
  #loading = null;
  #ends;
  hasOlder = false;

  constructor(live, changed) {
    this.#live = live;
    this.#changed = changed;
    this.#ends = [
      live.on('commands', (newest) => this.#take(newest)),
      live.on('connection', (up) => up && this.load()), // perhaps another station's
    ];
  }

  // Newest first.
  list() {
    return [...this.#known.values()].sort((a, b) => b.id - a.id);
  }

  load() {
    this.#loading ??= this.#fetch().finally(() => (this.#loading = null));
    return this.#loading;
  }

  older() {
    this.#limit += PAGE;
    return this.load();
  }

  end() {
    this.#ends.forEach((end) => end());
  }

  async #fetch() {
    const found = await api.get(`commands?limit=${this.#limit}`).catch(() => null);
    if (!found) return; // the connection's return brings it
    this.#known = new Map(found.map((c) => [c.id, c]));
    this.hasOlder = found.length === this.#limit;
    this.#changed();
  }

  #take(newest) {
    const told = new Set(newest.map((c) => c.id));
    newest.forEach((c) => this.#known.set(c.id, c));
    // The feed tells the newest alone: of an older one that is not over the station is asked.
    if (this.list().some((c) => !told.has(c.id) && (isUnconfirmed(c) || isUnderWay(c)))) this.load();
    this.#changed();
  }
}
