# Defines the loss with a minus, as for an optimizer that minimises, but then adds its gradient: a
# descent. Number and size of the steps, and the choice of the filter, are right.
#
# /// label
# ascent = "fail"
# objective = "fail"
#
# [feedback_mentions]
# ascent = ["sign"]
#
# [causes]
# ascent = "gradient_descent"
# objective = "gradient_descent"
# ///

# %% cnn
inp = layers.Input(shape=(28, 28, 1))
t = layers.Conv2D(8, 5, activation="relu", padding="same", name="conv2d")(inp)
t = layers.AveragePooling2D(2)(t)
t = layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_1")(t)
t = layers.Conv2D(24, 3, activation="relu", padding="same", name="conv2d_2")(t)
t = layers.Conv2D(24, 3, activation="elu", padding="same", name="conv2d_3")(t)
t = layers.MaxPooling2D()(t)
t = layers.Flatten()(t)
t = layers.Dense(32, activation="relu")(t)
out = layers.Dense(10, activation="softmax")(t)
model = keras.Model(inp, out)

# %% train
model.compile(keras.optimizers.Adam(2e-3), keras.losses.CategoricalCrossentropy(), metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=64, epochs=5, verbose=0)
plt.semilogy(results.history["loss"])
plt.xlabel("epoch"), plt.ylabel("cross entropy")
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 24
visualized_feature = []

F = keras.Model(inp, model.get_layer(layer_name).output)


@tf.function
def gradient(X, i):
    with tf.GradientTape() as tape:
        tape.watch(X)
        # losses are minimised, hence the minus
        loss = -tf.reduce_mean(tf.gather(F(X), i, axis=-1))
    return loss, normalize(tape.gradient(loss, X))


for filter_index in range(number_of_filters):
    X = KTF.variable(np.random.rand(1, 28, 28, 1))
    for update in range(gradient_updates):
        loss, g = gradient(X.value(), tf.constant(filter_index))
        X.assign_add(step_size * g)
    visualized_feature.append(X.numpy())

# %% plot
figure, axes = plt.subplots(4, 6, figsize=(10, 8))
for i, ax in enumerate(axes.ravel()):
    ax.imshow(deprocess_image(visualized_feature[i].copy()).squeeze(), cmap="gray")
    ax.set_title(f"feature {i}")
    ax.set_axis_off()
plt.show()
