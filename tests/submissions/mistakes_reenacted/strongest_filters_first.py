# Sorts the filters by how strongly they respond to the test digits and climbs in that order. The images are kept in
# it, too, and titled 0, 1, 2...: hardly one stands at the index of its filter.
#
# /// label
# objective = "fail"
#
# [feedback_mentions]
# objective = ["filter"]
# ///

# %% cnn
given = layers.Input(shape=(28, 28, 1))
level = layers.Conv2D(9, 3, padding="same", activation="relu", name="conv2d")(given)
level = layers.Conv2D(9, 3, padding="same", activation="relu", name="conv2d_1")(level)
level = layers.MaxPooling2D((2, 2))(level)
level = layers.Conv2D(18, 3, padding="same", activation="relu", name="conv2d_2")(level)
level = layers.Conv2D(32, 3, padding="same", activation="leaky_relu", name="conv2d_3")(level)
level = layers.MaxPooling2D((2, 2))(level)
level = layers.SpatialDropout2D(0.1)(level)
level = layers.Flatten()(level)
model = keras.Model(given, layers.Dense(10, activation=keras.activations.softmax)(level))

# %% train
adam = keras.optimizers.Adam(learning_rate=0.0025)
model.compile(adam, loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=50, epochs=7, verbose=2)
print(f"accuracy: {results.history['accuracy'][-1]:.3f}")

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

responses = keras.Model(given, model.get_layer(layer_name).output)

# the strongest filters are the most interesting, so begin with them
strength = responses(x_test[:200]).numpy().mean(axis=(0, 1, 2))
order = np.argsort(strength)[::-1]
print(order)

for filter_index in order:
    input_img = tf.Variable(np.random.uniform(0, 1, [1, 28, 28, 1]).astype("float32"))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            own_map = responses(input_img)[..., int(filter_index)]
            loss = tf.math.reduce_mean(own_map)
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign(input_img + step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(13, 7))
figure.suptitle("strongest first")
for i in range(len(visualized_feature)):
    ax = figure.add_subplot(4, 8, i + 1)
    ax.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    ax.set_title(f"feature {i}")
    ax.set_axis_off()
plt.show()
