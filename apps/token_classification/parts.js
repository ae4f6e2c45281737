// Small things that several parts of Classify show.

import { h } from '../page/dom.js';
import { brief } from './place.js';

// A sentence of strings and {strong}.
export const spelled = (sentence) => sentence.map((part) => (typeof part === 'string' ? part : h('b', {}, h('bdi', {}, part.strong))));

export const tag = (label, isOn = false) => h('span', { class: `tag${isOn ? ' on' : ''}${label === 'O' ? ' o' : ''}`, title: label }, brief(label));

// A bar of a share from 0 to 1.
export const bar = (share) => h('span', { class: 'bar', 'aria-hidden': 'true' }, h('i', { style: { width: `${100 * Math.max(0, Math.min(1, share))}%` } }));

export const heading = (title, about, ...more) => h('div', { class: 'hd' }, h('h2', {}, title), h('span', { class: 'm' }, about), ...more);
