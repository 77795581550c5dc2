// The card of the models of a benchmark: what they are, on what they are fitted, and what they cannot do.
import type { PatientDatabase } from "../database/database.js";
import type { Splits } from "../labels/splits.js";
import type { Embeddings } from "./embeddings.js";
import type { ModelCard } from "./leaderboard.js";
import { STRENGTHS } from "./task-run.js";

/** The card of a benchmark; `embeddings` is null for counts. */
export function modelCard(embeddings: Embeddings | null, db: PatientDatabase, splits: Splits): ModelCard {
  const dataset = db.metadata.dataset?.dataset_name;
  const features =
    embeddings === null
      ? "age, and how often each code, or a code below it, occurs at or before the prediction time; each divided by its largest value in the training labels"
      : `embeddings of ${embeddings.size} numbers from ${embeddings.name}, one per subject and prediction time; each number minus its mean, divided by its standard deviation in the training labels`;
  return {
    name: `${embeddings === null ? "Counts of codes" : `Embeddings (${embeddings.name})`} and logistic regression`,
    features,
    head: "logistic regression with an L2 penalty, without one on the bias; fitted until no component of the gradient of the mean loss is above 1e-8; a predicted value is true from probability 0.5 on",
    selection: `inverse strengths ${STRENGTHS.join(", ")}: the highest AUROC on the tuning labels, of equal ones the lowest log loss there; strength 1 if the tuning labels are of one class`,
    training: `labels of the split train (${splits.ids("train").length} subjects)${typeof dataset === "string" ? ` of ${dataset}` : ""}; no held-out label or row is used before the score`,
    limits: [
      "Few-shot selections have as many true as false labels, so probabilities of models with small k are not calibrated to the share of true labels.",
      ...(embeddings === null
        ? ["Counts ignore the order, the time and the values of rows."]
        : [
            "What the model of the embeddings was trained on is not known here: it must not have seen held-out subjects, nor rows after the prediction time.",
          ]),
      "For comparison of representations of one dataset only, not for use in care.",
    ],
  };
}

/** The card of predictions that were made already. */
export function givenCard(name: string): ModelCard {
  const unknown = "not known here";
  return {
    name: `Predictions (${name})`,
    features: unknown,
    head: "none: predictions of files are scored as they are",
    selection: unknown,
    training: unknown,
    limits: [
      "What the model was trained on is not known here: it must not have seen held-out subjects, nor rows after the prediction time.",
      "For comparison of models on one dataset only, not for use in care.",
    ],
  };
}
