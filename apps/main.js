// The page: its frame, and the modes that it can show.

import { createFrame } from './page/frame.js';
import { explore } from './explorer/explore.js';
import { classify } from './token_classification/classify.js';

// Gradio runs this once, with the element that is ours.
export function start(element, settings) {
  return createFrame(element, settings, [explore, classify]);
}
