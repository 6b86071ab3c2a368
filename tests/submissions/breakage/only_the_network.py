# Ran out of time: the network is there and complete, it has five convolutions, but it was never compiled nor
# trained, and everything after it is the empty skeleton.
#
# /// label
# training = "fail"
# images = "fail"
# ascent = "fail"
# objective = "fail"
# updates = "fail"
# plot = "fail"
#
# [feedback_mentions]
# training = ["train"]
# images = ["image"]
# ///

# %% cnn
# TODO: try dropout as well if there is time
model = keras.Sequential(name="my_first_cnn")
model.add(layers.Input(shape=(28, 28, 1)))

# block 1
model.add(layers.Conv2D(8, (3, 3), padding="same", activation="relu", name="conv2d"))
model.add(layers.Conv2D(8, (3, 3), padding="same", activation="relu", name="conv2d_1"))
model.add(layers.MaxPooling2D(pool_size=(2, 2)))

# block 2
model.add(layers.Conv2D(16, (3, 3), padding="same", activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(64, (3, 3), padding="same", activation="relu", name="conv2d_3"))
model.add(layers.MaxPooling2D(pool_size=(2, 2)))

# block 3
model.add(layers.Conv2D(32, (3, 3), activation="relu", name="conv2d_4"))

# classifier
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

model.summary()
print("number of layers:", len(model.layers))
