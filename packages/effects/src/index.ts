/** Typed effects of shell commands, and descriptions of actions that are known only by protocol, tool and target. */
export { createActionDescriber, type DescribeAction } from "./describe-action.ts";
export {
  COMMAND_LENGTH_MAX,
  type CommandDescription,
  type DescribeOptions,
  describeCommand,
} from "./describe-command.ts";
export {
  capabilityOf,
  commandText,
  describeTarget,
  type TargetDescription,
  type TargetSource,
} from "./describe-target.ts";
