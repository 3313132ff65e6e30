/** Between the port's words and etcd's. */
import {
  CompareResult,
  CompareTarget,
  type ICompare,
  type IEvent,
  type IKeyValue,
  type IRequestOp,
  type ITxnRequest,
} from 'etcd3';
import { endOfPrefix } from '../limits.js';
import type { Compare, KeyEvent, KeyValue, Operation, RevisionEvents, Transaction } from '../store.js';

export const toBytes = (text: string): Buffer => Buffer.from(text);

/** The range of all keys that start with `prefix`. */
export const rangeOf = (prefix: string): { key: Buffer; range_end: Buffer } => ({
  key: toBytes(prefix),
  range_end: toBytes(endOfPrefix(prefix)),
});

export const toKeyValue = (kv: IKeyValue): KeyValue => ({
  key: kv.key.toString(),
  value: kv.value.toString(),
  createRevision: Number(kv.create_revision),
  modRevision: Number(kv.mod_revision),
  version: Number(kv.version),
  lease: kv.lease === '0' ? null : kv.lease,
});

const toCompare = (compare: Compare): ICompare => {
  const common = { key: toBytes(compare.key), result: CompareResult.Equal };
  switch (compare.target) {
    case 'create':
      return { ...common, target: CompareTarget.Create, create_revision: compare.equals };
    case 'mod':
      return { ...common, target: CompareTarget.Mod, mod_revision: compare.equals };
    case 'version':
      return { ...common, target: CompareTarget.Version, version: compare.equals };
    case 'value':
      return { ...common, target: CompareTarget.Value, value: toBytes(compare.equals) };
  }
};

const toRequest = (operation: Operation): IRequestOp => {
  switch (operation.op) {
    case 'put': {
      const put = { key: toBytes(operation.key), value: toBytes(operation.value) };
      return {
        request_put: operation.lease === undefined ? put : { ...put, lease: operation.lease },
      };
    }
    case 'delete':
      return { request_delete_range: { key: toBytes(operation.key) } };
    case 'deletePrefix':
      return { request_delete_range: rangeOf(operation.prefix) };
  }
};

export const toTxn = ({ compare, then }: Transaction): ITxnRequest => ({
  compare: compare.map(toCompare),
  success: then.map(toRequest),
  failure: [],
});

const toKeyEvent = ({ type, kv }: IEvent): KeyEvent =>
  type === 'Put'
    ? { type: 'put', kv: toKeyValue(kv) }
    : { type: 'delete', key: kv.key.toString(), modRevision: Number(kv.mod_revision) };

/** Events in the order etcd sent them, those of one revision together. */
export const byRevision = (events: readonly IEvent[]): readonly RevisionEvents[] => {
  const groups: { revision: number; events: KeyEvent[] }[] = [];
  for (const event of events) {
    const revision = Number(event.kv.mod_revision);
    const last = groups.at(-1);
    if (last?.revision === revision) last.events.push(toKeyEvent(event));
    else groups.push({ revision, events: [toKeyEvent(event)] });
  }
  return groups;
};
