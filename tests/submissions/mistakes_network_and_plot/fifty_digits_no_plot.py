# For a quick test the network was trained on the first 50 digits only, and it stayed at that: it knows
# these 50 by heart, and reads a good part of the others, but far from all. The plot was not done at all.
#
# /// label
# training = "partial"
# plot = "fail"
#
# [feedback_mentions]
# training = ["digit"]
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d"))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_1"))
model.add(layers.Conv2D(32, 3, activation="relu", padding="same", name="conv2d_2"))
model.add(layers.Conv2D(64, 3, activation="relu", padding="same", name="conv2d_3"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
N = 50  # first see if it works at all!

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train[:N], y_train[:N], batch_size=10, epochs=30, verbose=0)
print("accuracy after the last epoch:", results.history["accuracy"][-1])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

sub = keras.Model(model.inputs, model.get_layer(layer_name).output)


@tf.function
def next_image(x, index):
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_mean(tf.gather(sub(x), index, axis=-1))
    return x + step_size * normalize(tape.gradient(loss, x))


for filter_index in range(number_of_filters):
    input_img = tf.random.uniform((1, 28, 28, 1))
    for update in range(gradient_updates):
        input_img = next_image(input_img, tf.constant(filter_index))
    visualized_feature.append(input_img.numpy())
