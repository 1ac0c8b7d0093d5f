// Who acts: a name kept in this browser, asked for at the first action.

import { ask } from './dialog.js';

const KEY = 'panewatch.operator';

export class Operator {
  #listeners = new Set();

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

  // The name, asked for if need be; rejects when the operator gives none.
  async require() {
    const name = this.name || (await this.change());
    if (!name) throw new Error('An action needs a name.');
    return name;
  }
}
