// Who acts: the one who signed in, else a name kept in this browser and asked for at the first action.

import { api } from './api.js';
import { ask } from './dialog.js';

const KEY = 'panewatch.operator';

export class Operator {
  #listeners = new Set();
  #asking = null; // one question for all that is done at once

  get name() {
    const { user, sign_in: signIn } = api.session;
    return user ?? (signIn ? '' : (localStorage.getItem(KEY) ?? ''));
  }

  get title() {
    const { user, role } = api.session;
    return user ? `signed in as ${role}; press to sign out` : null;
  }

  get prompt() {
    return api.session.sign_in ? 'sign in …' : 'name …';
  }

  onChange(callback) {
    this.#listeners.add(callback);
    callback(this.name);
  }

  async change() {
    const { user, role, sign_in: signIn } = api.session;
    if (user) await ask(`Signed in as ${user} (${role})`, [], 'Sign out', () => api.signOut());
    else if (signIn) api.goToSignIn();
    else await this.#askName();
    return this.name;
  }

  // The name, asked for if need be; rejects when there is none or this page may not act.
  async require() {
    api.requireRight();
    if (!this.name) await (this.#asking ??= this.#askName().finally(() => (this.#asking = null)));
    if (!this.name) throw new Error('Nothing was done: an action needs your name.');
    return this.name;
  }

  async #askName() {
    const given = await ask('Who is acting?', [
      { key: 'author', label: 'Your name (stands in the journal)', value: this.name, required: true },
    ]);
    if (given) {
      localStorage.setItem(KEY, given.author.trim());
      this.#listeners.forEach((callback) => callback(this.name));
    }
  }
}
