# Imports and data became one text cell each, after the metadata had been lost in another editor. Everything
# the student wrote is right.
#
# /// label
# [cells]
# as_text = ["imports", "data"]
# strip_metadata = true
# ///

# %% cnn
# 28 -> 14 -> 7, the pictures shrink and the filters get more
stack = [layers.Input(shape=(28, 28, 1))]
stack += [layers.Conv2D(12, 3, padding="same", activation="relu", name="conv2d"), layers.MaxPooling2D((2, 2))]
stack += [layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"), layers.MaxPooling2D((2, 2))]
stack += [layers.Conv2D(20, 3, padding="same", activation="relu", name="conv2d_2")]
stack += [layers.Conv2D(20, 3, padding="same", activation="relu", name="conv2d_3")]
stack += [layers.Flatten(), layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")]
model = keras.Sequential(stack)
model.summary()

# %% train
adam = keras.optimizers.Adam(learning_rate=2e-3)
model.compile(optimizer=adam, loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=64, verbose=2)
test_loss, test_accuracy = model.evaluate(x_test, y_test, verbose=0)
print("correct on the test digits: {:.1%}".format(test_accuracy))

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 20
visualized_feature = []

# everything below and including conv2d_3
below = keras.Model(model.inputs, model.get_layer(layer_name).output)

for i in range(number_of_filters):
    # noise
    start = tf.random.uniform((1, 28, 28, 1))
    X = tf.Variable(start)

    for step in range(gradient_updates):
        with tf.GradientTape() as tape:
            F = below(X)
            a = tf.reduce_mean(F[0, :, :, i])
        g = tape.gradient(a, X)
        g = normalize(g)
        X.assign_add(step_size * g)

    if i % 5 == 0:
        print("filter", i, "ends at", a.numpy())
    visualized_feature.append(X.numpy())

# %% plot
figure = plt.figure(figsize=(14, 3.5))
position = 1
for X in visualized_feature:
    plt.subplot(2, 10, position)
    plt.imshow(deprocess_image(X.copy())[0, :, :, 0], cmap="gray")
    plt.title("feature {}".format(position - 1))
    plt.axis("off")
    position += 1
plt.tight_layout()
plt.show()
