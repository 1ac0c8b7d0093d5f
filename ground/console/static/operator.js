// Who acts: a name kept in this browser, asked for at the first action.

import { api } from './api.js';
import { ask } from './dialog.js';

const KEY = 'panewatch.operator';

export class Operator {
  #listeners = new Set();
  #asking = null; // one question for all that is done at once

  get name() {
    return localStorage.getItem(KEY) ?? '';
  }

  onChange(callback) {
    this.#listeners.add(callback);
    callback(this.name);
  }

  async change() {
    const given = await ask('Who is acting?', [
      { key: 'author', label: 'Your name (stands in the journal)', value: this.name, required: true },
    ]);
    if (given) {
      localStorage.setItem(KEY, given.author.trim());
      this.#listeners.forEach((callback) => callback(this.name));
    }
    return this.name;
  }

  // The name, asked for if need be; rejects when there is none or this page may not act.
  async require() {
    api.requireToken();
    if (!this.name) await (this.#asking ??= this.change().finally(() => (this.#asking = null)));
    if (!this.name) throw new Error('Nothing was done: an action needs your name.');
    return this.name;
  }
}
