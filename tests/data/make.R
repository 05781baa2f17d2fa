# Writes the data sets that come with R. From the root of the repository: Rscript tests/data/make.R
suppressMessages({library(survival); library(MASS)})

write <- function(data, name) {
  write.csv(data, file.path("tests/data", paste0(name, ".csv")), row.names = FALSE, na = "", quote = FALSE)
}

# Made up: exact binary fractions, so that no software rounds them differently.
made_up <- function(data) {
  i <- seq_len(nrow(data))
  transform(data, w = (1 + (7 * i) %% 11) / 8, off = ((5 * i) %% 13 - 6) / 16)
}

write(made_up(transform(lung, dead = as.integer(status == 2))), "lung")

# The derived factors of Venables & Ripley, MASS 4th ed. (2002), p. 194
write(made_up(transform(birthwt,
  race3 = factor(race, labels = c("white", "black", "other")),
  ptd = as.integer(ptl > 0),
  ftv2 = c("0", "1", "2+")[pmin(ftv, 2) + 1]
)), "birthwt")

write(veteran, "veteran")
write(made_up(gehan), "gehan")
# Every event and every censoring at one time
write(made_up(transform(gehan, time = 10L)), "gehan_tied")
write(colon, "colon")
write(colon[colon$etype == 2, ], "colon_death")
write(heart, "heart")
write(transform(pbc, dead = as.integer(status == 2)), "pbc")
# Some end at time 0, in one of four ways
write(transform(transplant, ltx = as.integer(event == "ltx"), code = as.integer(event) - 1L), "transplant")

# Counts: days absent from school, by child; claims of car insurance, by district, size and age
write(quine, "quine")
write(transform(Insurance, District = paste0("D", District)), "insurance")

# Made-up sets on which no finite maximum likelihood estimate exists
i <- 0:59
x <- (17 * i) %% 29 / 4
dose <- (23 * i) %% 61 / 8
write(data.frame(x, dose, y = as.integer(dose > 4)), "separated")
group <- c("A", "B", "C")[c(1, 1, 2, 2, 2, 3)[i %% 6 + 1]]
write(data.frame(x, group, y = as.integer(group == "C" | (i * i) %% 7 > 2)), "quasi_separated")
a <- (11 * i) %% 31
b <- (13 * i) %% 37
write(data.frame(a, b, c = 2 * a - b, y = as.integer((i * i) %% 7 > 2), time = 1 + (29 * i) %% 59), "collinear")
arm <- ifelse(i %% 4 == 0, "B", "A")
write(data.frame(time = 1 + (19 * i) %% 53, event = as.integer(arm == "A" & i %% 3 > 0), arm, x), "monotone")
