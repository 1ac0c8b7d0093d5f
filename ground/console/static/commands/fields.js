// One field of the form for one argument: label, control, what it may be, and what is wrong with it.

import { el, say } from '../dom.js';
import { allowed, defaultText, settingOf, stateNames, unitOf, wrong } from './arguments.js';

export class Field {
  #hint = el('small', { class: 'pw-hint' });
  #error = el('p', { class: 'pw-error', role: 'alert' });
  #unit = el('span', { class: 'pw-faint' });

  constructor(declared, dictionary) {
    this.declared = declared;
    this.dictionary = dictionary;
    const id = `pw-argument-${declared.name}`;
    [this.#hint.id, this.#error.id] = [`${id}-hint`, `${id}-error`];
    const shared = { id, name: declared.name, autocomplete: 'off', 'aria-describedby': `${id}-hint ${id}-error` };
    this.control = stateNames(declared).length ? select(declared, shared) : el('input', { ...shared, value: defaultText(declared) });
    this.node = el(
      'div',
      { class: 'pw-field' },
      el('label', { for: id }, el('b', {}, declared.name), ' ', this.#unit),
      this.control,
      this.#hint,
      this.#error,
    );
  }

  get text() {
    return this.control.value.trim();
  }

  set text(value) {
    this.control.value = value;
  }

  // Words that hang on the other fields.
  describe(given) {
    const unit = unitOf(this.declared, this.dictionary, given);
    const { summary } = settingOf(this.declared, this.dictionary, given) ?? this.declared;
    const words = stateNames(this.declared).length ? '' : allowed(this.declared, this.dictionary, given);
    const isNew = summary.toLowerCase() !== this.declared.name;
    say(this.#unit, unit === 'raw count' ? 'raw count' : unit ? `in ${unit}` : '');
    say(this.#hint, [isNew ? summary : '', words].filter(Boolean).join(': '));
  }

  // True when it can be sent.
  check(given) {
    const words = wrong(this.declared, this.dictionary, given);
    this.refuse(words ?? '');
    return words === null;
  }

  refuse(words) {
    say(this.#error, words && `✖ ${words}`);
    this.control.setAttribute('aria-invalid', words ? 'true' : 'false');
  }
}

function select(declared, shared) {
  const chosen = defaultText(declared);
  const none = chosen ? [] : [el('option', { value: '' }, 'choose …')];
  const options = stateNames(declared).map((name) => el('option', { value: name, selected: name === chosen }, name));
  return el('select', shared, none, options);
}
