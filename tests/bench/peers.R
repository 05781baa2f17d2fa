# Fit a regression as many times as asked; print seconds and estimates as JSON.
# Rscript peers.R FILE COLUMNS MODEL REPEATS: a file of float64, column by column.
words <- commandArgs(TRUE)
names <- strsplit(words[2], ",")[[1]]
numbers <- readBin(words[1], "double", file.size(words[1]) / 8)
data <- as.data.frame(matrix(numbers, ncol = length(names), dimnames = list(NULL, names)))
rm(numbers)
right <- paste(grep("^x", names, value = TRUE), collapse = " + ")
fit <- switch(words[3],
  "R glm" = function() glm(as.formula(paste("y ~", right)), binomial, data),
  "R coxph" = function() survival::coxph(as.formula(paste("survival::Surv(t, e) ~", right)), data),
  "R coxph, strata(site)" = function() {
    library(survival)
    coxph(as.formula(paste("Surv(t, e) ~", right, "+ strata(site)")), data)
  }
)
whole <- data
data <- whole[seq(1, nrow(whole), length.out = 900), ] # packages load untimed
invisible(fit())
data <- whole
seconds <- cpu <- numeric(0)
for (k in seq_len(as.integer(words[4]))) {
  took <- system.time(found <- fit())
  seconds <- c(seconds, took[["elapsed"]])
  cpu <- c(cpu, took[["user.self"]] + took[["sys.self"]])
}
cat(jsonlite::toJSON(list(
  seconds = seconds, cpu = cpu,
  estimates = unname(coef(found)), errors = unname(sqrt(diag(vcov(found))))
), digits = NA))
