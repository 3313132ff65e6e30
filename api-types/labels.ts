/** What labels and annotations may be called, and what labels may say: as in Kubernetes, so that selectors can name them. */
import type { Labels } from './metadata.js';
import { type Problem, shown } from './problems.js';

const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

export const isLabelKey = (text: string): boolean => LABEL_KEY.test(text);
export const isLabelValue = (text: string): boolean => LABEL_VALUE.test(text);

const LETTERS = 'letters, digits, "-", "_" and ".", the first and last a letter or digit';

const keyProblems = (path: string, texts: Labels): readonly Problem[] =>
  Object.keys(texts)
    .filter((key) => !isLabelKey(key))
    .map((key) => ({
      path,
      expected: `keys of at most 63 ${LETTERS}, after a domain and "/" or none`,
      got: shown(key),
    }));

const valueProblems = (labels: Labels): readonly Problem[] =>
  Object.entries(labels)
    .filter(([, value]) => !isLabelValue(value))
    .map(([key, value]) => ({
      path: `metadata.labels.${key}`,
      expected: `at most 63 ${LETTERS}`,
      got: shown(value),
    }));

/** What is wrong with the labels and annotations of a document. */
export const labelProblems = ({
  labels = {},
  annotations = {},
}: {
  readonly labels?: Labels;
  readonly annotations?: Labels;
}): readonly Problem[] => [
  ...keyProblems('metadata.labels', labels),
  ...valueProblems(labels),
  ...keyProblems('metadata.annotations', annotations),
];
