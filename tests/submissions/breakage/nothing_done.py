# Handed in as it was released: no cell changed. No network, no training, an empty list of images, and a
# figure without panels. Nothing to give points for.
#
# /// label
# cnn = "fail"
# training = "fail"
# images = "fail"
# ascent = "fail"
# objective = "fail"
# updates = "fail"
# plot = "fail"
#
# [feedback_mentions]
# cnn = ["model"]
# training = ["model"]
# images = ["image"]
# ///
