# All filters in one compiled batch. Two mistakes: the loss is the largest value of each map where its mean was asked
# for, and the step is multiplied by a "learning rate" of 0.1.
#
# /// label
# objective = ["partial", "fail"]
# ascent = ["pass", "partial", "fail"]
# updates = ["partial", "fail"]
#
# [feedback_mentions]
# objective = ["maximum"]
# updates = ["0.1"]
#
# [causes]
# ascent = ["maximum_instead_of_mean", "other_step_size"]
# objective = "maximum_instead_of_mean"
# updates = "other_step_size"
# ///

# %% cnn
a = layers.Input(shape=(28, 28, 1), name="digit")
b = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d")(a)
c = layers.Conv2D(8, 5, padding="same", activation="relu", name="conv2d_1")(a)
d = layers.Concatenate()([b, c])
d = layers.MaxPooling2D()(d)
d = layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2")(d)
e = layers.Conv2D(30, 3, padding="same", activation="elu", name="conv2d_3")(d)
f = layers.MaxPooling2D()(e)
g = layers.Flatten()(f)
model = keras.Model(a, layers.Dense(10, activation="softmax")(g))

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=25, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 30
learning_rate = 0.1

head = keras.Model(a, e)


@tf.function
def ascend(batch):
    with tf.GradientTape() as tape:
        tape.watch(batch)
        peaks = tf.reduce_max(head(batch), axis=[1, 2])  # (30, 30): image, filter
        loss = tf.linalg.trace(peaks)
    grads = tf.map_fn(normalize, tape.gradient(loss, batch))
    return batch + learning_rate * step_size * grads


batch = tf.constant(np.random.uniform(size=(number_of_filters, 28, 28, 1)), tf.float32)
for _ in range(gradient_updates):
    batch = ascend(batch)
visualized_feature = list(batch.numpy())

# %% plot
figure = plt.figure(figsize=(12, 10))
for i, img in enumerate(visualized_feature, start=1):
    sub = figure.add_subplot(5, 6, i)
    sub.imshow(deprocess_image(img.copy())[..., 0], cmap="gray")
    sub.set_title(f"feature {i - 1}")
    sub.set_axis_off()
plt.show()
