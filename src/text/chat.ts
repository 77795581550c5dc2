// Messages of a chat, as programs that train or ask language models read them.
import { expected, namesIn, optionsOf, textOf } from "../support/arguments.js";

/** What surrounds the text of a chat. */
export interface ChatOptions {
  /** The message of the role `system`. Default: none. */
  readonly system?: string | undefined;
  /** Follows the timeline in the message of the role `user`. Default: nothing. */
  readonly question?: string | undefined;
  /** How the values of labels are written in the message of the role `assistant`. Default: yes and no, others as they are. */
  readonly answers?: { readonly true: string; readonly false: string } | undefined;
}

/** Checked {@link ChatOptions}. */
export interface ChatPlan {
  readonly system: string | null;
  readonly question: string;
  readonly answers: { readonly true: string; readonly false: string };
}

export function chatPlanOf(given: ChatOptions | undefined): ChatPlan {
  const { system, question, answers } = optionsOf(given) ?? {};
  namesIn("chat", given ?? {}, ["system", "question", "answers"]);
  const optional = (name: string, value: string | undefined): string | null => (value === undefined ? null : textOf(name, value));
  if (answers !== undefined && (typeof answers?.true !== "string" || typeof answers.false !== "string"))
    expected("chat.answers", answers, 'an object such as { true: "yes", false: "no" }');
  return {
    system: optional("chat.system", system),
    question: optional("chat.question", question) ?? "",
    answers: answers === undefined ? { true: "yes", false: "no" } : { true: answers.true, false: answers.false },
  };
}

/** The value of a label, as far as chats need it. */
export interface Answer {
  readonly booleanValue: boolean | null;
  readonly integerValue: bigint | null;
  readonly floatValue: number | null;
  readonly categoricalValue: string | null;
}

/** An instruction: the question of one text. */
export interface Asked {
  readonly id: string;
  readonly text: string;
}

/** What surrounds a timeline in the prompt of a chat. */
export interface Around {
  readonly system: string | null;
  readonly question: string;
}

/** The system message and the question; an instruction is the question of its text. */
export function aroundOf({ system, question }: ChatPlan, asked: Asked | null): Around {
  return { system, question: asked?.text ?? question };
}

/** The message of the user: the timeline, and the question below it. */
export function userMessage({ question }: Around, timeline: string): string {
  return question === "" ? timeline : `${timeline}\n${question}`;
}

/** One line: the messages, and which label or instruction they are of. Without an answer, the last message is that of the user. */
export function chatLine(
  plan: ChatPlan,
  around: Around,
  timeline: string,
  about: { readonly subjectId: bigint; readonly time: string | null },
  label: Answer | null,
  asked: Asked | null,
): string {
  const messages: { readonly role: string; readonly content: string }[] = [];
  if (around.system !== null) messages.push({ role: "system", content: around.system });
  messages.push({ role: "user", content: userMessage(around, timeline) });
  const answer = answerOf(plan, label);
  if (answer !== null) messages.push({ role: "assistant", content: answer });
  const time = about.time === null ? "" : `,"prediction_time":${JSON.stringify(about.time)}`;
  const id = asked === null ? "" : `,"instruction_id":${JSON.stringify(asked.id)}`;
  return `{"messages":${JSON.stringify(messages)},"subject_id":${about.subjectId}${time}${id}}\n`;
}

function answerOf({ answers }: ChatPlan, label: Answer | null): string | null {
  if (label === null) return null;
  const { booleanValue, integerValue, floatValue, categoricalValue } = label;
  if (booleanValue !== null) return booleanValue ? answers.true : answers.false;
  if (categoricalValue !== null) return categoricalValue;
  return integerValue !== null ? String(integerValue) : floatValue === null ? null : String(floatValue);
}
