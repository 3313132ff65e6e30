/** Answers in EC2's XML: lists are `<item>`s, absent values are left out. */
import type { ApiError } from './api-error.js';

export type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [name: string]: Xml };

const EC2_NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/';
const STS_NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#xD;',
};

// Control characters are no XML 1.0, however they are written: shown as the replacement character.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

const escaped = (text: string): string =>
  text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"'\r]/g, (found) => ENTITIES[found] ?? found);

const isList = (value: Xml): value is readonly Xml[] => Array.isArray(value);

const content = (value: Exclude<Xml, undefined>): string => {
  if (isList(value)) return value.map((item) => element('item', item)).join('');
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([name, inner]) => element(name, inner))
      .join('');
  return escaped(String(value));
};

const element = (name: string, value: Xml): string => {
  if (value === undefined) return '';
  const inner = content(value);
  return inner === '' ? `<${name}/>` : `<${name}>${inner}</${name}>`;
};

/** The answer to an EC2 action. */
export const answerXml = (action: string, requestId: string, answer: Xml): string =>
  `${DECLARATION}<${action}Response xmlns="${EC2_NAMESPACE}">${element('requestId', requestId)}${
    answer === undefined ? '' : content(answer)
  }</${action}Response>`;

/** STS wraps its result and puts the request id in metadata. */
export const stsAnswerXml = (action: string, requestId: string, answer: Xml): string =>
  `${DECLARATION}<${action}Response xmlns="${STS_NAMESPACE}">${element(`${action}Result`, answer)}${element(
    'ResponseMetadata',
    { RequestId: requestId },
  )}</${action}Response>`;

export const errorXml = (error: ApiError, requestId: string): string =>
  `${DECLARATION}<Response><Errors>${element('Error', {
    Code: error.code,
    Message: error.message,
  })}</Errors>${element('RequestID', requestId)}</Response>`;
