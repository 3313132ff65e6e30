/** A TaskEither is a function: an expression statement that makes one and does not call it does nothing. */
import { ESLintUtils } from '@typescript-eslint/utils';

const TASKS = new Set(['TaskEither', 'Task', 'TaskOption']);

const isTask = (type) => TASKS.has(type.aliasSymbol?.name) || TASKS.has(type.symbol?.name);

export const noUnrunTask = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { unrun: 'This task is made but never run: call it and await it.' },
  },
  create: (context) => {
    const services = ESLintUtils.getParserServices(context);
    const check = (node, expression) => {
      if (isTask(services.getTypeAtLocation(expression))) context.report({ node, messageId: 'unrun' });
    };
    return {
      ExpressionStatement: (node) => check(node, node.expression),
      AwaitExpression: (node) => check(node, node.argument),
      'UnaryExpression[operator="void"]': (node) => check(node, node.argument),
    };
  },
};
