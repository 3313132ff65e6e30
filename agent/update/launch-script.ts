/**
 * What the start script of a host sources before it becomes the agent, in the agent's folder: it goes back from an update
 * that no gateway welcomed. It is no part of the agent's file, since that may be what is broken; an agent that was
 * welcomed leaves it there for the next one.
 */

/** Starts that an update has, and the seconds of each, until it is welcomed. */
export interface Patience {
  readonly starts: number;
  readonly seconds: number;
}

export const PATIENCE: Patience = { starts: 3, seconds: 180 };

/**
 * `trial` holds a build and how often it was started; it counts only while `current` is that build, so that a crash
 * between any two lines does no harm. A start that hangs is killed, and is then the last; whoever waits for that outlives
 * the agent, whose number may be another process's by then: the time at which it began tells them apart.
 */
export const launchScript = ({
  starts,
  seconds,
}: Patience): string => `# sourced by the start script of the agent
if read -r t n 2>/dev/null <trial && [ "$t" = "$(readlink current)" ]; then
  n=$((n + 1))
  if [ "$n" -gt ${String(starts)} ] && [ -x previous/scalarium-agent ]; then
    echo "scalarium: $t did not come up: back to $(readlink previous)" >&2
    echo "$t" >>bad
    ln -sfn "$(readlink previous)" next && mv -T next current
    rm -f trial
  else
    echo "$t $n" >trial
    b=$(cut -d' ' -f22 /proc/$$/stat)
    (
      sleep ${String(seconds)}
      [ "$(cat trial 2>/dev/null)" = "$t $n" ] && [ "$(cut -d' ' -f22 /proc/$$/stat 2>/dev/null)" = "$b" ] &&
        echo "$t ${String(starts)}" >trial && kill -9 $$
    ) >/dev/null 2>&1 &
  fi
fi
`;
